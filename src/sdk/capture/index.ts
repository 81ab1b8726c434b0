/**
 * Capture: what is kept of arguments, results and messages, so that a detector can tell an ordered action from ordinary
 * work without ever seeing a word of them. The same code runs in the SDK, in the tap, in `receive` for third-party
 * telemetry that carries contents, and in `replay` and `backtest` for recorded sessions, so all sources are judged alike.
 */
import type { CapturedArguments, CapturedMessage, CapturedResult, CaptureState } from '../event.js'
import { safely } from '../safely.js'
import { captureArguments } from './arguments.js'
import { type ClearText, type ClearTextOf, type ClearTextRules, clearTextBy } from './clear-text.js'
import { keyedWith } from './keyed.js'
import { captureMessage } from './message.js'
import { captureResult } from './result.js'

export type { ClearTextRules } from './clear-text.js'
export { keyedDetail, rehash } from './rehash.js'
export { redact } from './secrets.js'

/** Raised with every change of what is captured or how it is normalised: records of different versions do not match each other. */
export const CAPTURE_VERSION = 3

export interface CaptureOptions {
  /** The tenant's fingerprint key, at least 16 bytes. */
  readonly key: Uint8Array
  /** Opt-in: contents are sent in the clear as well, after these rules. */
  readonly clearText?: ClearTextRules
}

export interface Capturer {
  readonly version: number
  /** Name of the rules for clear text; '' where none is sent. */
  readonly policy: string
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
  const rules = options.clearText
  // Rules that cannot be made ready are the host's fault, as is a hostile object: without its clear text the record is as ever.
  const clearText = safely(() => rules && clearTextBy(rules))
  const inClear: ClearTextOf = (value, kind) => safely(() => clearText?.(value, kind))
  return {
    version: CAPTURE_VERSION,
    keyId: keyed.keyId,
    policy: rules?.policy.slice(0, 64) ?? '',
    arguments: (tool, value) => {
      const captured = captureArguments(tool, value, keyed)
      const clear = inClear(value, 'arguments')
      return clear === undefined
        ? captured
        : { ...captured, argText: clear.text, argCapture: state(captured.argCapture, clear) }
    },
    result: (value) => {
      const captured = captureResult(value, keyed)
      const clear = inClear(value, 'results')
      return clear === undefined
        ? captured
        : { ...captured, resultText: clear.text, resultCapture: state(captured.resultCapture, clear) }
    },
    message: (text) => {
      const captured = captureMessage(text, keyed)
      const clear = inClear(text, 'messages')
      return clear === undefined
        ? captured
        : { ...captured, argText: clear.text, argCapture: state(captured.argCapture, clear) }
    },
    secret: (value) => keyed.secret(value),
  }
}

/** What was captured stays captured; that something was cut out of its clear text is told. */
const state = (captured: CaptureState, { redacted }: ClearText): CaptureState =>
  redacted && captured === 'captured' ? 'redacted' : captured
