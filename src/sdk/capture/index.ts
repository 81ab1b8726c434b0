/**
 * Capture: what is kept of arguments, results and messages, so that a detector can tell an ordered action from ordinary
 * work without ever seeing a word of them. The same code runs in the SDK, in the tap, in `receive` for third-party
 * telemetry that carries contents, and in `replay` and `backtest` for recorded sessions, so all sources are judged alike.
 */
import type { CapturedArguments, CapturedMessage, CapturedResult } from '../event.js'
import { captureArguments } from './arguments.js'
import { keyedWith } from './keyed.js'
import { captureMessage } from './message.js'
import { captureResult } from './result.js'

export { keyedDetail, rehash } from './rehash.js'
export { redact } from './secrets.js'

/** Raised with every change of what is captured or how it is normalised: records of different versions do not match each other. */
export const CAPTURE_VERSION = 2

export interface CaptureOptions {
  /** The tenant's fingerprint key, at least 16 bytes. */
  readonly key: Uint8Array
}

export interface Capturer {
  readonly version: number
  /** Names the key without giving it away. */
  readonly keyId: string
  /** `undefined` arguments or results were not seen: everything absent, state `omitted`. Never throws. */
  arguments(tool: string, value: unknown): CapturedArguments
  result(value: unknown): CapturedResult
  message(text: string): CapturedMessage
  /** A keyed hash of one secret (a token), 16 hex digits. */
  secret(value: string): string
}

export function createCapturer(options: CaptureOptions): Capturer {
  const keyed = keyedWith(options.key)
  return {
    version: CAPTURE_VERSION,
    keyId: keyed.keyId,
    arguments: (tool, value) => captureArguments(tool, value, keyed),
    result: (value) => captureResult(value, keyed),
    message: (text) => captureMessage(text, keyed),
    secret: (value) => keyed.secret(value),
  }
}
