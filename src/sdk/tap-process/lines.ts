/**
 * Reads JSON-RPC messages off a stdio transport's bytes, one a line, without being in their way: the bytes went on already.
 * What is no message is told by its kind and size, and forgotten.
 */
import { isFields } from '../messages.js'

/** Why a line was not read. */
export type Unread = 'too_long' | 'not_json'

export interface LineListener {
  message(message: unknown): void
  unread(why: Unread, bytes: number): void
}

const newline = 0x0a

export class LineReader {
  readonly #listener: LineListener
  readonly #maxBytes: number
  #pieces: Buffer[] = []
  /** Of the line so far, also of what was not kept of it. */
  #bytes = 0

  /** Of a line longer than `maxBytes` nothing is kept. */
  constructor(listener: LineListener, maxBytes: number) {
    this.#listener = listener
    this.#maxBytes = maxBytes
  }

  take(chunk: Buffer): void {
    let from = 0
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      this.#add(chunk.subarray(from, at))
      this.#finish()
      from = at + 1
    }
    this.#add(chunk.subarray(from))
  }

  /** The stream is at its end: a last line may have none. */
  end(): void {
    this.#finish()
  }

  #add(piece: Buffer): void {
    if (piece.length === 0) return
    this.#bytes += piece.length
    if (this.#bytes > this.#maxBytes) this.#pieces = []
    else this.#pieces.push(piece)
  }

  #finish(): void {
    const bytes = this.#bytes
    const pieces = this.#pieces
    this.#bytes = 0
    this.#pieces = []
    if (bytes > this.#maxBytes) {
      this.#listener.unread('too_long', bytes)
      return
    }
    const text = Buffer.concat(pieces).toString('utf8').trim()
    if (text === '') return
    const messages = messagesIn(text)
    if (messages === undefined) this.#listener.unread('not_json', bytes)
    else for (const message of messages) this.#listener.message(message)
  }
}

/** The messages of a text, several where it is an array as in older protocol versions; `undefined` where it holds none. */
export function messagesIn(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (Array.isArray(value)) return value
    return isFields(value) ? [value] : undefined
  } catch {
    return undefined
  }
}
