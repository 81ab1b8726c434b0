import { listed, type Policy, queryDetector, type RowDraft, type Severity, whoOf } from '#detector'
import { covers, hostOf, isLoopback } from './places.js'

/**
 * A token is for one server (RFC 8707; MCP, "Access Token Privilege Restriction"). Who takes one that was issued for somebody
 * else, or hands the one it was given onward, lets a stolen or borrowed token open every door, and the log of the last door
 * names the wrong person. Three things show it: the outbound hook saw the caller's token leave; one token was used at two
 * servers; the token's audience is not the server that took it.
 *
 * Over `records`: a client and a server tell of the same token in records of their own, and each is only held against its like,
 * since the two may know one server by two names (a proxy stands between them).
 */
interface Row {
  readonly tenant: string
  readonly how: 'outbound' | 'shared' | 'audience'
  readonly side: string
  readonly subjects: readonly string[]
  readonly session: string
  /** Server, address, expected audience, client, record id, event time (microseconds), and by kind: destination or audience. */
  readonly sightings: readonly (readonly [
    server: string,
    address: string,
    expected: string,
    client: string,
    record: string,
    at: string,
    other: string,
  ])[]
  /** Issuers of the token, as far as records name them. */
  readonly issuers: readonly string[]
  readonly key: string
}

const sighting = (other: string): string =>
  `[server_name, server_address, expected_audience, client_name, toString(record_id), toString(toUnixTimestamp64Micro(ended_at)), ${other}]`
const ours = `(empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})`
const inWindow = `kept_at >= {from:DateTime64(6, 'UTC')} AND kept_at < {to:DateTime64(6, 'UTC')}`
/** A token lives about as long. */
const recently = `kept_at >= {from:DateTime64(6, 'UTC')} - INTERVAL 24 HOUR AND kept_at < {to:DateTime64(6, 'UTC')}`
const session = `if(uniqExact(records.session) = 1, any(records.session), '')`
const subjects = `arraySlice(arraySort(groupUniqArrayIf(subject, subject != '')), 1, 20)`

export default queryDetector<Row>({
  about: {
    title: 'A token was used where it does not belong',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0091.000', 'AML.T0012'], mcp: ['MCP01:2025', 'MCP07:2025'], asi: ['ASI03'] },
    needs: ['authorization'],
    version: 1,
  },
  everySeconds: 300,
  settleSeconds: 60,

  sql: `
    WITH
      outbound AS (
        SELECT tenant, 'outbound' AS how, side, ${subjects} AS subjects, ${session} AS session,
          arraySlice(arraySort(groupArray(${sighting('destinations[1]')})), 1, 20) AS sightings,
          arraySlice(groupUniqArray(token_fingerprint), 1, 100) AS tokens,
          concat(server_name, ' ', server_address, ' ', destinations[1]) AS key
        FROM records
        WHERE kind = 'outbound' AND detail['credential'] = 'inbound' AND ${inWindow} AND ${ours}
        GROUP BY tenant, side, server_name, server_address, destinations[1]
        ORDER BY tenant, key
        LIMIT 1000
      ),
      audience AS (
        SELECT tenant, 'audience' AS how, side, ${subjects} AS subjects, ${session} AS session,
          arraySlice(arraySort(groupArray(${sighting('records.audience')})), 1, 20) AS sightings,
          []::Array(String) AS tokens, concat(server_name, ' ', expected_audience, ' ', records.audience) AS key
        FROM records
        WHERE kind = 'authorization' AND side = 'server' AND decision = 'allowed' AND records.audience != ''
          AND expected_audience != '' AND records.audience != expected_audience AND ${inWindow} AND ${ours}
        GROUP BY tenant, side, server_name, expected_audience, records.audience
        ORDER BY tenant, key
        LIMIT 1000
      ),
      presented AS (
        SELECT DISTINCT tenant, token_fingerprint
        FROM records
        WHERE token_fingerprint != '' AND kind IN ('authorization', 'connection', 'call') AND ${inWindow} AND ${ours}
        ORDER BY tenant, token_fingerprint
        LIMIT 20000
      ),
      places AS (
        SELECT tenant, side, token_fingerprint, server_name, server_address, expected_audience, client_name,
          min(kept_at) AS first_at, ${subjects} AS subjects, ${session} AS session,
          argMin(${sighting("''")}, (kept_at, record_id)) AS seen
        FROM records
        WHERE token_fingerprint != '' AND kind IN ('authorization', 'connection', 'call')
          AND NOT (side = 'server' AND (decision IN ('denied', 'challenged') OR outcome = 'denied'))
          AND (tenant, token_fingerprint) IN (SELECT tenant, token_fingerprint FROM presented)
          AND ${recently} AND ${ours}
        GROUP BY tenant, side, token_fingerprint, server_name, server_address, expected_audience, client_name
        ORDER BY tenant, side, token_fingerprint, first_at
        LIMIT 50 BY tenant, side, token_fingerprint
        LIMIT 50000
      ),
      shared AS (
        SELECT tenant, 'shared' AS how, side, arrayDistinct(arrayFlatten(groupArray(places.subjects))) AS subjects,
          if(uniqExact(places.session) = 1, any(places.session), '') AS session,
          arraySlice(arraySort(one -> (one[6], one), groupArray(seen)), 1, 20) AS sightings, [token_fingerprint] AS tokens,
          token_fingerprint AS key
        FROM places
        GROUP BY tenant, side, token_fingerprint
        -- Told once: when it turns up at one more place.
        HAVING count() > 1 AND max(first_at) >= {from:DateTime64(6, 'UTC')}
        ORDER BY tenant, key
        LIMIT 1000
      ),
      candidates AS (
        SELECT * FROM outbound UNION ALL SELECT * FROM audience UNION ALL SELECT * FROM shared
      ),
      issued AS (
        SELECT tenant, token_fingerprint, groupUniqArray(10)(issuer) AS issuers
        FROM records
        WHERE kind = 'authorization' AND issuer != '' AND token_fingerprint != ''
          AND (tenant, token_fingerprint) IN (SELECT tenant, arrayJoin(tokens) FROM candidates)
          AND ${recently} AND ${ours}
        GROUP BY tenant, token_fingerprint
      )
    SELECT c.tenant AS tenant, c.how AS how, c.side AS side, c.subjects AS subjects, c.session AS session,
      c.sightings AS sightings, c.key AS key,
      arrayDistinct(arrayFlatten(groupArray(i.issuers))) AS issuers
    FROM (SELECT *, arrayJoin(if(empty(tokens), [''], tokens)) AS token FROM candidates) AS c
    LEFT JOIN issued AS i ON i.tenant = c.tenant AND i.token_fingerprint = c.token
    GROUP BY tenant, how, side, subjects, session, sightings, key
    ORDER BY tenant, how, key, side`,

  judge(row, policy) {
    if (row.how === 'outbound') return handedOn(row, policy)
    return row.how === 'audience' ? forAnother(row) : atTwoServers(row, policy)
  },
})

/** To the issuer a server may show a token: that is how it asks whose it is (RFC 7662, OpenID Connect userinfo). */
function handedOn(row: Row, policy: Policy): RowDraft | undefined {
  const [first] = row.sightings
  if (first === undefined) return undefined
  const [server, address, , , , , destination] = first
  const issuers = [...row.issuers, ...policy.issuersOf(server)].map(hostOf)
  if (destination !== '' && issuers.includes(hostOf(destination))) return undefined
  const own = policy.isOwnDestination(destination)
  return draftOf(row, {
    severity: own ? 'medium' : 'high',
    summary: `${server || address || 'a server'} sent the token of ${holders(row)} on to ${destination || 'another host'}`,
    score: { requests: row.sightings.length, own_destination: own ? 1 : 0 },
  })
}

function forAnother(row: Row): RowDraft | undefined {
  const [first] = row.sightings
  if (first === undefined) return undefined
  const [server, , expected, , , , audience] = first
  const fit = covers(audience, expected)
  if (fit === 'yes') return undefined
  const severities = { host: 'high', path: 'medium', unclear: 'low' } as const
  return draftOf(row, {
    severity: severities[fit],
    summary: `${server || expected} took a token of ${holders(row)} that was issued for ${audience}; its own is ${expected}`,
    score: { tokens_taken: row.sightings.length, other_host: fit === 'host' ? 1 : 0 },
  })
}

function atTwoServers(row: Row, policy: Policy): RowDraft | undefined {
  const places = row.side === 'client' ? hostsOf(row) : resourcesOf(row)
  if (places.length > 1) {
    const own = places.every((place) => policy.isOwnDestination(place))
    return draftOf(row, {
      severity: row.side === 'client' ? (own ? 'low' : 'medium') : 'high',
      summary:
        row.side === 'client'
          ? `one token of ${holders(row)} was presented at ${listed(places)}`
          : `one token of ${holders(row)} was accepted by ${listed(places)}`,
      score: { places: places.length, own_destinations: own ? 1 : 0 },
    })
  }
  if (row.side === 'client') return undefined
  // Nobody said for which resource they take tokens: names alone. Another client at the second server says more.
  const names = [...new Set(row.sightings.map(([server]) => server).filter((server) => server !== ''))]
  const said = row.sightings.some(([, , expected]) => expected !== '')
  if (names.length < 2 || said) return undefined
  const clients = names.map(
    (name) => row.sightings.find(([server, , , client]) => server === name && client !== '')?.[3],
  )
  const passedOn = clients.every((client) => client !== undefined) && new Set(clients).size > 1
  return draftOf(row, {
    severity: passedOn ? 'medium' : 'low',
    summary:
      `one token of ${holders(row)} was accepted by ${listed(names)}` +
      `${passedOn ? `, from different clients (${listed(clients as string[])})` : ''}`,
    score: { places: names.length, clients: new Set(clients).size },
  })
}

/** Where the client connected to. All that is this machine is one place. */
const hostsOf = ({ sightings }: Row): string[] => [
  ...new Set(
    sightings
      .map(([, address, expected]) => hostOf(address) || hostOf(expected))
      .filter((host) => host !== '')
      .map((host) => (isLoopback(host) ? 'this machine' : host)),
  ),
]

/** For which resources the servers take tokens. */
const resourcesOf = ({ sightings }: Row): string[] => [
  ...new Set(
    sightings
      .map(([, , expected]) => hostOf(expected) || expected)
      .filter((host) => host !== '')
      .map((host) => (isLoopback(host) ? 'this machine' : host)),
  ),
]

const holders = ({ subjects }: Row): string =>
  subjects.length === 0 ? whoOf({ subject: '' }) : listed(subjects.toSorted(), 3)

function draftOf(
  row: Row,
  said: { readonly severity: Severity; readonly summary: string; readonly score: Readonly<Record<string, number>> },
): RowDraft {
  // The last place that said for which resource it takes tokens: a call that is passed on ends before the one that passed it.
  const latest = row.sightings.findLast(([, , expected]) => expected !== '') ?? row.sightings.at(-1)
  return {
    anchor: JSON.stringify([row.how, row.side, row.key]),
    session: row.session,
    subject: row.subjects.length === 1 ? (row.subjects[0] ?? '') : '',
    server: latest?.[0] || latest?.[1] || '',
    tool: '',
    calls: row.sightings.map(([, , , , record]) => record),
    ...said,
  }
}
