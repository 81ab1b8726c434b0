/** Questions to the store through its reader: who may only read answers with a stream, and small answers are rows. */
import { text } from 'node:stream/consumers'
import { WatchkeeperError } from '../../errors.js'
import type { QueryParams, StoreReader } from '../../store/index.js'

export interface Queries {
  query<Row>(sql: string, params?: QueryParams): Promise<Row[]>
}

export const queriesOf = (reader: StoreReader): Queries => ({
  async query<Row>(sql: string, params: QueryParams = {}) {
    const answer = await text(await reader.read(sql, 'JSONEachRow', params).catch(explained))
    return answer
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Row)
  },
})

/** Unknown table or database (60, 81): no service ever opened this store, which the engine says in words of its own. */
function explained(error: unknown): never {
  if (error instanceof WatchkeeperError && /^the query failed \(code (?:60|81)\)/.test(error.message))
    throw new WatchkeeperError(error.code, 'the store is empty: no service has run on it yet (npm start)', {
      cause: error,
    })
  throw error
}
