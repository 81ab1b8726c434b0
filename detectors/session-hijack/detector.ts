import { listed, queryDetector, type RowDraft, type Severity, whoOf } from '#detector'
import { networksApart } from './networks.js'

/**
 * An MCP session id, a task's id and a conversation id are handles: whoever holds one gets at what is behind it, unless the
 * server binds it to the caller ("Security Best Practices", Session Hijacking: a server must verify each request and must not
 * take a session for authentication). So one handle with two callers is a handle that was stolen, guessed or handed around.
 *
 * Over `records` and not over sessions: sessions are cut where the subject changes, before their detectors see them. Records
 * are held only against records of the same server, side and kind of sensor: each may know one person by another name.
 */
type Handle = 'mcp_session' | 'task' | 'conversation'

/** One caller under one handle. */
type Caller = readonly [
  subject: string,
  oauthClient: string,
  client: string,
  address: string,
  producer: string,
  hasToken: string,
  record: string,
  first: string,
  last: string,
]

interface Row {
  readonly tenant: string
  readonly handle: Handle
  readonly id: string
  readonly side: string
  readonly server: string
  readonly session: string
  readonly callers: readonly Caller[]
}

const ours = `(empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})`
const handles = `arrayFilter(one -> one.2 != '',
  [('mcp_session', mcp_session_id), ('task', detail['task_digest']), ('conversation', conversation_id)])`

export default queryDetector<Row>({
  about: {
    title: 'One session with two callers',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0091.000', 'AML.T0012'], mcp: ['MCP07:2025', 'MCP01:2025'], asi: ['ASI03'] },
    needs: ['authorization'],
    version: 1,
  },
  everySeconds: 300,
  settleSeconds: 60,

  sql: `
    WITH
      used AS (
        SELECT DISTINCT tenant, held.1 AS handle, held.2 AS id
        FROM records
        ARRAY JOIN ${handles} AS held
        WHERE kind IN ('call', 'authorization', 'elevation')
          AND kept_at >= {from:DateTime64(6, 'UTC')} AND kept_at < {to:DateTime64(6, 'UTC')} AND ${ours}
        ORDER BY tenant, handle, id
        LIMIT 50000
      ),
      callers AS (
        SELECT tenant, held.1 AS handle, held.2 AS id, side, if(server_name != '', server_name, server_address) AS server, source,
          subject, oauth_client_id, concat(client_name, ' ', client_version) AS client, client_address, producer_id,
          token_fingerprint != '' AS has_token, min(kept_at) AS first_at, max(kept_at) AS last_at,
          argMin(toString(record_id), (kept_at, record_id)) AS record,
          argMin(records.session, (kept_at, record_id)) AS session
        FROM records
        ARRAY JOIN ${handles} AS held
        WHERE kind IN ('call', 'authorization', 'elevation') AND side IN ('client', 'server')
          AND decision NOT IN ('denied', 'challenged') AND outcome NOT IN ('denied', 'protocol_error')
          AND kept_at >= {from:DateTime64(6, 'UTC')} - INTERVAL 24 HOUR AND kept_at < {to:DateTime64(6, 'UTC')} AND ${ours}
          -- Most of a day's records are of other handles: they are left out before each is taken apart.
          AND (mcp_session_id IN (SELECT id FROM used WHERE handle = 'mcp_session')
            OR conversation_id IN (SELECT id FROM used WHERE handle = 'conversation')
            OR detail['task_digest'] IN (SELECT id FROM used WHERE handle = 'task'))
          AND (tenant, held.1, held.2) IN (SELECT tenant, handle, id FROM used)
        GROUP BY tenant, handle, id, side, server, source, subject, oauth_client_id, client, client_address, producer_id, has_token
        ORDER BY tenant, handle, id, first_at, record
        LIMIT 50 BY tenant, handle, id
        LIMIT 200000
      )
    SELECT tenant, handle, id, side, server, argMin(callers.session, first_at) AS session,
      arraySort(one -> (toUInt64(one[8]), one[7]), groupArray([subject, oauth_client_id, trim(client), client_address, producer_id,
        toString(has_token), record, toString(toUnixTimestamp64Micro(first_at)), toString(toUnixTimestamp64Micro(last_at))])) AS callers
    FROM callers
    GROUP BY tenant, handle, id, side, server, source
    -- Told when a caller is new; what is usual for long is not told again.
    HAVING count() > 1 AND max(first_at) >= {from:DateTime64(6, 'UTC')}
    ORDER BY tenant, handle, id, side, server, source
    LIMIT 5000`,

  judge(row) {
    const differences = [twoSubjects(row), twoClients(row), noToken(row), twoNetworks(row)].filter(
      (one) => one !== undefined,
    )
    const [worst] = differences.toSorted((a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity))
    return worst === undefined ? undefined : draftOf(row, worst, differences)
  },
})

const severities: readonly Severity[] = ['info', 'low', 'medium', 'high']

interface Difference {
  readonly what: 'subjects' | 'clients' | 'token' | 'networks'
  readonly severity: Severity
  readonly says: string
  readonly callers: readonly Caller[]
}

/** The first caller of each value that there is. */
function byValue(row: Row, value: (caller: Caller) => string): Map<string, Caller> {
  const found = new Map<string, Caller>()
  for (const caller of row.callers) {
    const key = value(caller)
    if (key !== '' && !found.has(key)) found.set(key, caller)
  }
  return found
}

/**
 * A conversation id is a claim that agents put into baggage, and several people can talk with one agent in one thread: there
 * it takes another client or network to be more than a note. A server that lets two people into one session has a fault.
 */
function twoSubjects(row: Row): Difference | undefined {
  const found = byValue(row, ([subject]) => subject)
  if (found.size < 2) return undefined
  const callers = [...found.values()]
  const elsewhere =
    new Set(callers.map(([, oauthClient, client]) => `${oauthClient} ${client}`)).size > 1 ||
    networksApart(callers.map(([, , , address]) => address))
  const bound = row.side === 'server' ? 'high' : 'medium'
  return {
    what: 'subjects',
    severity: row.handle === 'conversation' ? (elsewhere ? 'medium' : 'low') : bound,
    says: `was used by ${listed(found.keys())}`,
    callers,
  }
}

function twoClients(row: Row): Difference | undefined {
  const found = byValue(row, ([, oauthClient]) => oauthClient)
  // A conversation may go on in another application, and an agent may have a client id for each server.
  if (found.size < 2 || row.handle === 'conversation') return undefined
  return {
    what: 'clients',
    severity: 'medium',
    says: `was used by the OAuth clients ${listed(found.keys())}`,
    callers: [...found.values()],
  }
}

/** The session id did for authentication: calls with a token, and then, told by the same sensor, calls without one. */
function noToken(row: Row): Difference | undefined {
  if (row.handle !== 'mcp_session' || row.side !== 'server') return undefined
  for (const bare of row.callers.filter(([, , , , , hasToken]) => hasToken === '0')) {
    const proven = row.callers.find(
      ([, , , , producer, hasToken, , first]) =>
        hasToken === '1' && producer === bare[4] && Number(first) < Number(bare[7]),
    )
    if (proven !== undefined)
      return {
        what: 'token',
        severity: 'medium',
        says: 'was accepted without a token, after it was opened with one',
        callers: [proven, bare],
      }
  }
  return undefined
}

/** People move, and so do their addresses: by itself a note. */
function twoNetworks(row: Row): Difference | undefined {
  const found = [...byValue(row, ([, , , address]) => address).values()]
  if (row.handle === 'conversation' || !networksApart(found.map(([, , , address]) => address))) return undefined
  const otherClient = new Set(found.map(([, , client]) => client).filter((client) => client !== '')).size > 1
  return {
    what: 'networks',
    severity: otherClient ? 'medium' : 'low',
    says: `came from ${listed(found.map(([, , , address]) => address))}${otherClient ? ' with different clients' : ''}`,
    callers: found,
  }
}

const nouns: Readonly<Record<Handle, string>> = {
  mcp_session: 'an MCP session',
  task: 'a task',
  conversation: 'a conversation',
}

function draftOf(row: Row, worst: Difference, all: readonly Difference[]): RowDraft {
  const [first] = worst.callers
  const newest = row.callers.at(-1)
  const seconds = (Number(newest?.[7] ?? 0) - Number(first?.[7] ?? 0)) / 1_000_000
  return {
    anchor: JSON.stringify([row.handle, row.id, row.side, row.server]),
    session: row.session,
    subject: newest?.[0] ?? '',
    server: row.server,
    tool: '',
    severity: worst.severity,
    summary: `${nouns[row.handle]} of ${whoOf({ subject: first?.[0] ?? '' })} at ${row.server || 'a server'} ${all.map(({ says }) => says).join('; ')}`,
    calls: [...new Set(all.flatMap(({ callers }) => callers.map(([, , , , , , record]) => record)))].slice(0, 20),
    score: {
      subjects: byValue(row, ([subject]) => subject).size,
      oauth_clients: byValue(row, ([, oauthClient]) => oauthClient).size,
      addresses: byValue(row, ([, , , address]) => address).size,
      seconds_between: Math.round(seconds),
      history_hours: 24,
    },
  }
}
