/**
 * Capture: what is kept of arguments, results and messages, so that a detector can tell an ordered action from ordinary
 * work without ever seeing a word of them. The same code runs in the SDK, in the tap, in `receive` for third-party
 * telemetry that carries contents, and in `replay` and `backtest` for recorded sessions, so all sources are judged alike.
 */
import type { CapturedArguments, CapturedMessage, CapturedResult, ProducerEvent } from '../event.js'

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

export declare function createCapturer(options: CaptureOptions): Capturer

/** The same event with every fingerprint, order hash, digest and token fingerprint replaced by `hash` of it (the pepper of `receive`). */
export declare function rehash(event: ProducerEvent, hash: (value: string) => string): ProducerEvent
