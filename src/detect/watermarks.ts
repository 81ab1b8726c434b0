/** How far the engines have come, kept in the store, so that a restart goes on where the last one ended. */
import type { Store } from '../store/index.js'

export interface Watermark {
  readonly name: string
  /** Microseconds. */
  readonly position: number
}

export class Watermarks {
  readonly #store: Pick<Store, 'query' | 'insert'>

  constructor(store: Pick<Store, 'query' | 'insert'>) {
    this.#store = store
  }

  /** All whose name begins so. */
  async read(prefix: string): Promise<Watermark[]> {
    const rows = await this.#store.query<{ name: string; position: string }>(
      `SELECT name, toUnixTimestamp64Micro(position) AS position FROM watermark
       WHERE startsWith(name, {prefix:String}) ORDER BY name`,
      { prefix },
    )
    return rows.map(({ name, position }) => ({ name, position: Number(position) }))
  }

  /** `at` in microseconds: the latest statement of a name counts. */
  async write(marks: readonly Watermark[], at: number): Promise<void> {
    await this.#store.insert(
      'watermarks',
      marks.map(({ name, position }) => ({ name, position, detail: '{}', at })),
    )
  }
}
