/** Questions to a running service's store, asked as its users do: by the command `sql`. */
import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { watchkeeper } from './service.js'

type Settings = Readonly<Record<string, string>>

/** Rows of a query; undefined while the store is away (it was just killed). */
export async function rows<Row>(settings: Settings, sql: string): Promise<readonly Row[] | undefined> {
  const run = await watchkeeper(['sql', sql, '--format', 'JSONEachRow'], settings)
  if (run.code === 69) return undefined
  assert.equal(run.code, 0, run.stderr)
  return run.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}

/** Asks again until the answer pleases; fails with the last answer after `limitMs`. */
export async function until<T>(ask: () => Promise<T>, pleases: (answer: T) => boolean, limitMs = 180_000): Promise<T> {
  const deadline = Date.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (pleases(answer)) return answer
    if (Date.now() > deadline)
      assert.fail(`still not so after ${limitMs} ms: ${JSON.stringify(answer)?.slice(0, 2000)}`)
    await pause(250)
  }
}

/** How many audit records of a kind there are; 0 while the store is away. */
export async function recordCount(settings: Settings): Promise<number> {
  const answer = await rows<{ n: number }>(settings, 'SELECT count() AS n FROM audit')
  return answer?.[0]?.n ?? 0
}
