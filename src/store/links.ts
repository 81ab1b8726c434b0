/**
 * Session links: whenever two session keys stand on one record, they mean the same session. Links are kept closed: when two
 * links touch, the one that follows from them is written too, so that reading is a single step, in SQL as here.
 */
import type { AuditEvent } from '../audit-event.js'
import type { ClickHouse } from './client.js'
import type { SessionKey } from './index.js'
import { textList } from './literals.js'
import { flag, micros, text, uint32 } from './native.js'

const linkColumns = {
  tenant: text(),
  key: text(),
  other: text(),
  stronger: flag,
  rank: uint32,
  hearsay: flag,
  first_at: micros,
  last_at: micros,
}

interface Link {
  readonly tenant: string
  readonly weaker: string
  readonly stronger: string
  /** Said by the key of a server: an agent's word about the same key goes first. */
  readonly hearsay: boolean
}

/** 1 conversation, 2 MCP session, 3 handle, 4 trace: the less, the stronger. Others are never linked. */
const ranks: Readonly<Record<string, number>> = { c: 1, m: 2, h: 3, t: 4 }
const rankOf = (key: string): number => (key[1] === ':' ? (ranks[key[0] ?? ''] ?? 0) : 0)

function keysOn(event: AuditEvent): string[] {
  const keys = new Set<string>()
  if (event.conversationId !== '') keys.add(`c:${event.conversationId}`)
  if (event.mcpSessionId !== '') keys.add(`m:${event.mcpSessionId}`)
  if (event.traceId !== '') keys.add(`t:${event.traceId}`)
  if (rankOf(event.sessionKey) > 0) keys.add(event.sessionKey)
  return [...keys].sort((one, other) => rankOf(one) - rankOf(other))
}

function* linksOn(event: AuditEvent): Generator<Link> {
  const [stronger, ...others] = keysOn(event)
  if (stronger === undefined) return
  for (const weaker of others) {
    if (rankOf(weaker) > rankOf(stronger))
      yield { tenant: event.tenant, weaker, stronger, hearsay: event.role === 'server' }
  }
}

const idOf = ({ tenant, weaker, stronger, hearsay }: Link): string =>
  JSON.stringify([tenant, weaker, stronger, hearsay])

/** Links remembered as written, and for how long (microseconds); after that a link is written again and lives on. */
const mostRemembered = 200_000
const remembered = 3_600_000_000

/** Each pass can bring one more kind of key together; there are four kinds. */
const mostPasses = 3
const keysAtOnce = 1_000
const mostKeysOfSession = 10_000

/** Pairs of tenant and key as a table to look them up by. */
const pairs = (keys: readonly SessionKey[]): string =>
  `SELECT t, k FROM (SELECT ${textList(keys.map(({ tenant }) => tenant))} AS t, ${textList(keys.map(({ key }) => key))} AS k) ARRAY JOIN t, k`
const best = 'argMin(other, (rank, hearsay, first_at, other))'

function* chunks<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}

const pairId = (tenant: string, key: string): string => JSON.stringify([tenant, key])

export class SessionLinks {
  readonly #db: ClickHouse
  readonly #now: () => number
  readonly #written = new Map<string, number>()

  constructor(db: ClickHouse, now: () => number) {
    this.#db = db
    this.#now = now
  }

  /** Writes the links that stand on these events, and those that follow. */
  async remember(events: readonly AuditEvent[]): Promise<void> {
    let fresh = this.#fresh(events.flatMap((event) => [...linksOn(event)]))
    for (let pass = 0; pass <= mostPasses && fresh.length > 0; pass++) {
      await this.#write(fresh)
      fresh = this.#fresh(await this.#following(fresh))
    }
  }

  #fresh(links: readonly Link[]): Link[] {
    const now = this.#now()
    const fresh = new Map<string, Link>()
    for (const link of links) {
      const id = idOf(link)
      const at = this.#written.get(id)
      if (at === undefined || now - at > remembered) fresh.set(id, link)
    }
    return [...fresh.values()]
  }

  async #write(links: readonly Link[]): Promise<void> {
    const now = this.#now()
    const rows = links.flatMap(({ tenant, weaker, stronger, hearsay }) => {
      const common = { tenant, hearsay, first_at: now, last_at: now }
      return [
        { ...common, key: weaker, other: stronger, stronger: true, rank: rankOf(stronger) },
        { ...common, key: stronger, other: weaker, stronger: false, rank: rankOf(weaker) },
      ]
    })
    await this.#db.insert('session_links', linkColumns, rows)
    for (const link of links) {
      const id = idOf(link)
      this.#written.delete(id)
      this.#written.set(id, now)
    }
    for (const id of this.#written.keys()) {
      if (this.#written.size <= mostRemembered) break
      this.#written.delete(id)
    }
  }

  /**
   * For each key that was just linked, with `session` the strongest of all it is linked to: its weaker neighbours belong to
   * `session`, and so do the other stronger ones, except those as strong as `session` itself (two conversations stay two).
   */
  async #following(links: readonly Link[]): Promise<Link[]> {
    const touched = new Map<string, SessionKey>()
    for (const { tenant, weaker, stronger } of links) {
      touched.set(pairId(tenant, weaker), { tenant, key: weaker })
      touched.set(pairId(tenant, stronger), { tenant, key: stronger })
    }
    const following: Link[] = []
    for (const keys of chunks([...touched.values()], keysAtOnce)) {
      const rows = await this.#db.query<{ tenant: string; weaker: string; session: string; hearsay: boolean }>(
        `SELECT l.tenant AS tenant, l.other AS weaker, s.session AS session, s.said AS hearsay
         FROM session_links AS l
         INNER JOIN
         (
             SELECT tenant, key, ${best} AS session, argMin(hearsay, (rank, hearsay, first_at, other)) AS said
             FROM session_links WHERE stronger AND (tenant, key) IN (${pairs(keys)}) GROUP BY tenant, key
         ) AS s ON s.tenant = l.tenant AND s.key = l.key
         WHERE (l.tenant, l.key) IN (${pairs(keys)}) AND l.other != s.session
         LIMIT 1 BY l.tenant, l.key, l.other
         LIMIT 50000`,
      )
      for (const { tenant, weaker, session, hearsay } of rows) {
        if (rankOf(weaker) > rankOf(session)) following.push({ tenant, weaker, stronger: session, hearsay })
      }
    }
    return following
  }

  /** See `Store.resolveSessions`. */
  async resolve(keys: readonly SessionKey[]): Promise<string[][]> {
    const sessionOf = new Map<string, string>()
    for (const some of chunks(keys, keysAtOnce)) {
      const rows = await this.#db.query<{ tenant: string; key: string; session: string }>(
        `SELECT tenant, key, ${best} AS session FROM session_links
         WHERE stronger AND (tenant, key) IN (${pairs(some)}) GROUP BY tenant, key`,
      )
      for (const { tenant, key, session } of rows) sessionOf.set(pairId(tenant, key), session)
    }
    const sessions = keys.map(({ tenant, key }) => ({ tenant, key: sessionOf.get(pairId(tenant, key)) ?? key }))
    const members = await this.#members(sessions)
    return sessions.map(({ tenant, key }, index) => {
      const others = new Set(members.get(pairId(tenant, key)) ?? [])
      others.add(keys[index]?.key ?? key).delete(key)
      return [key, ...[...others].sort()]
    })
  }

  /** Keys whose session is one of those given, by {@link pairId} of the session. */
  async #members(sessions: readonly SessionKey[]): Promise<Map<string, string[]>> {
    const distinct = new Map(sessions.map((session) => [pairId(session.tenant, session.key), session]))
    const members = new Map<string, string[]>()
    for (const some of chunks([...distinct.values()], keysAtOnce)) {
      const rows = await this.#db.query<{ tenant: string; key: string; session: string }>(
        `SELECT tenant, key, ${best} AS session FROM session_links
         WHERE stronger AND (tenant, key) IN
           (SELECT tenant, other FROM session_links WHERE NOT stronger AND (tenant, key) IN (${pairs(some)}))
         GROUP BY tenant, key
         HAVING (tenant, session) IN (${pairs(some)})
         ORDER BY tenant, session, key
         LIMIT ${mostKeysOfSession} BY tenant, session`,
        {},
        { maxRows: 1_000_000 },
      )
      for (const { tenant, key, session } of rows) {
        const id = pairId(tenant, session)
        const list = members.get(id)
        if (list) list.push(key)
        else members.set(id, [key])
      }
    }
    return members
  }
}
