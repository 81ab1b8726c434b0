/** Records that wait for the receiver, in order. Where they are kept is the backlog's own matter. */

export interface Backlog {
  /** Records that wait or are under way, as far as known. */
  readonly records: number
  /** Records that were added, and then lost. */
  readonly lost: number
  /** Whether `next` has more to give. */
  readonly waiting: boolean
  /** Takes a record in OTLP/JSON behind the others. False: there is no room for it. */
  add(text: string): boolean
  /** The first records, which stay until they are taken. Empty: what waited could not be read, and is given up. */
  next(mostRecords: number, mostBytes: number): Promise<readonly string[]>
  /** The first records are settled. */
  take(records: number): void
  /** Returns how many records are lost by it; `records` are kept then, for another process. */
  close(): number
}

export interface Held {
  readonly text: string
  readonly bytes: number
}

/** The first texts of a list, at least one. */
export function firstOf(held: readonly Held[], mostRecords: number, mostBytes: number): string[] {
  const texts: string[] = []
  let sum = 0
  for (const { text, bytes } of held) {
    if (texts.length >= mostRecords || (texts.length > 0 && sum + bytes > mostBytes)) break
    texts.push(text)
    sum += bytes
  }
  return texts
}

/** Records in memory alone: what waits when the process ends is lost. */
export class MemoryBacklog implements Backlog {
  readonly #maxBytes: number
  #held: Held[] = []
  #bytes = 0
  #lost = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get records(): number {
    return this.#held.length
  }

  get lost(): number {
    return this.#lost
  }

  get waiting(): boolean {
    return this.#held.length > 0
  }

  add(text: string): boolean {
    const bytes = Buffer.byteLength(text)
    if (this.#bytes + bytes > this.#maxBytes) return false
    this.#held.push({ text, bytes })
    this.#bytes += bytes
    return true
  }

  next(mostRecords: number, mostBytes: number): Promise<readonly string[]> {
    return Promise.resolve(firstOf(this.#held, mostRecords, mostBytes))
  }

  take(records: number): void {
    for (const { bytes } of this.#held.splice(0, records)) this.#bytes -= bytes
  }

  close(): number {
    const lost = this.#held.length
    this.#lost += lost
    this.#held = []
    this.#bytes = 0
    return lost
  }
}
