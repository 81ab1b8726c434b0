/**
 * Reads server-sent events off a response's bytes (WHATWG HTML §9.2.6), as far as MCP uses them: the event's name and its
 * data. An event longer than the bound is told by its size and forgotten.
 */
export interface EventStreamListener {
  event(name: string, data: string): void
  unread(bytes: number): void
}

export class EventStreamReader {
  readonly #listener: EventStreamListener
  readonly #maxCharacters: number
  readonly #decoder = new TextDecoder()
  #pieces: string[] = []
  #line = 0
  #name = ''
  #data: string[] = []
  /** Of the event so far, also of what was not kept of it. */
  #size = 0

  constructor(listener: EventStreamListener, maxCharacters: number) {
    this.#listener = listener
    this.#maxCharacters = maxCharacters
  }

  take(chunk: Uint8Array): void {
    // A carriage return alone is an end of line as well; in pairs it only makes an empty line that is looked over.
    const [first = '', ...rest] = this.#decoder.decode(chunk, { stream: true }).split('\n')
    this.#add(first)
    for (const piece of rest) {
      this.#finishLine()
      this.#add(piece)
    }
  }

  #add(piece: string): void {
    this.#size += piece.length
    this.#line += piece.length
    if (this.#size > this.#maxCharacters) {
      this.#pieces = []
      this.#data = []
    } else this.#pieces.push(piece)
  }

  #finishLine(): void {
    const line = this.#pieces.join('').replace(/\r$/, '')
    const empty = this.#line === 0 || (this.#line === 1 && line === '')
    this.#pieces = []
    this.#line = 0
    if (empty) {
      this.#finishEvent()
      return
    }
    const at = line.indexOf(':')
    const field = at < 0 ? line : line.slice(0, at)
    const value = at < 0 ? '' : line.slice(at + 1).replace(/^ /, '')
    if (field === 'data') this.#data.push(value)
    if (field === 'event') this.#name = value
  }

  #finishEvent(): void {
    if (this.#size > this.#maxCharacters) this.#listener.unread(this.#size)
    else if (this.#data.length > 0) this.#listener.event(this.#name || 'message', this.#data.join('\n'))
    this.#name = ''
    this.#data = []
    this.#size = 0
  }
}
