/** How far alerting has come, and since when a receiver is told. Times in microseconds. */
import type { Store } from '../store/index.js'

/** The earliest position of these readers; 0 where one of them never wrote any. */
export async function earliestPosition(store: Store, names: readonly string[]): Promise<number> {
  const rows = await store.query<{ position: string }>(
    'SELECT toUnixTimestamp64Micro(position) AS position FROM watermark WHERE name IN {names:Array(String)}',
    { names },
  )
  return rows.length < names.length ? 0 : Math.min(...rows.map((row) => Number(row.position)))
}

export async function keepPositions(
  store: Store,
  names: readonly string[],
  position: number,
  at: number,
): Promise<void> {
  await store.insert(
    'watermarks',
    names.map((name) => ({ name, position, detail: '{}', at })),
  )
}
