/** A map that forgets what was not used for longest, so that what callers send cannot fill memory. */
export class Bounded<V> {
  readonly #most: number
  readonly #forgotten: (value: V) => void
  readonly #entries = new Map<string, V>()

  /** `forgotten` is called with what had to go for want of room. */
  constructor(most: number, forgotten: (value: V) => void = () => {}) {
    this.#most = most
    this.#forgotten = forgotten
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }

  set(key: string, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    const [oldest] = this.#entries
    if (this.#entries.size <= this.#most || oldest === undefined) return
    this.#entries.delete(oldest[0])
    this.#forgotten(oldest[1])
  }

  take(key: string): V | undefined {
    const value = this.#entries.get(key)
    this.#entries.delete(key)
    return value
  }

  takeAll(): readonly V[] {
    const values = [...this.#entries.values()]
    this.#entries.clear()
    return values
  }
}
