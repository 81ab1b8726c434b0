/** The store on one database: every file of this folder behind the one interface. */
import { stableId } from '../audit-event.js'
import type { ClickHouse } from './client.js'
import type { Store } from './index.js'
import { SessionLinks } from './links.js'
import { insertEvents } from './records.js'
import { DirtyHours, refreshRollups } from './rollups.js'
import { sessionEvents } from './session-events.js'
import { sweepShadowed } from './sweep.js'
import { deadLetterColumns, tables } from './tables.js'

/** `end` is called last when the store is closed. */
export function storeOn(db: ClickHouse, now: () => number, end: () => Promise<void>): Store {
  const links = new SessionLinks(db, now)
  const dirty = new DirtyHours(db, now)
  return {
    query: (sql, params, options) => db.query(sql, params, options),
    command: (sql, params) => db.command(sql, params),
    insert: (table, rows, token) => db.insert(table, tables[table], rows, token),
    insertEvents: (events) => insertEvents({ db, links, dirty, now }, events),
    insertDeadLetters: (letters) =>
      db.insert('dead_letters', deadLetterColumns, letters, stableId(...letters.map(({ id }) => id))),
    sessionEvents: (requests) => sessionEvents(db, requests),
    resolveSessions: (keys) => links.resolve(keys),
    async sweepShadowed(from, to) {
      const shadows = await sweepShadowed(db, from, to)
      await dirty.mark(shadows.map(({ variant }) => variant))
      return shadows.length
    },
    refreshRollups: () => refreshRollups(db, now),
    ping: () => db.ping(),
    async close() {
      await db.close()
      await end()
    },
  }
}
