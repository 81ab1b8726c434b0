import { type Baseline, baselineOf, type NotEvaluated, queryDetector, type RowDraft, robustDeviation } from '#detector'

/**
 * Data that leaves has a size. In each hour, what a subject sent to one destination is held against what this subject, and
 * what the tenant's other subjects, usually send to a destination in an hour: the median of the last 14 days, in units of the
 * usual distance from it (`robustDeviation` explains). Both must call it strange: a subject may have a new job (its peers
 * then send as much), and peers may differ (then it always did).
 */
const limits = {
  /** Below both of these nobody is woken, however unusual it is. */
  leastBytes: 65_536,
  leastCalls: 60,
  /** Samples (an hour, a destination) before a subject's, and its peers', usual is believed. */
  ownSamples: 24,
  peerSamples: 48,
  /** Robust deviations. Traffic has heavy tails: 3.5 is an outlier in normal data and an ordinary Tuesday here. */
  strange: 8,
  strangeToPeers: 3.5,
  /** The least spreads to believe in: variation that is certainly harmless. */
  bytesSpread: 4_096,
  callsSpread: 5,
} as const

interface Row {
  readonly tenant: string
  readonly subject: string
  readonly destination: string
  readonly server: string
  readonly tool: string
  readonly session: string
  readonly records: readonly string[]
  readonly bytes: string
  readonly calls: string
  /** Samples of the past, bytes and calls side by side. */
  readonly own_bytes: readonly string[]
  readonly own_calls: readonly string[]
  readonly peer_bytes: readonly string[]
  readonly peer_calls: readonly string[]
  readonly peers: string
  /** Hours of the past in which anybody sent to this destination. */
  readonly known_hours: string
}

export default queryDetector<Row>({
  about: {
    title: 'Far more sent to a destination than usual',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0086', 'AML.T0025'], mcp: ['MCP10:2025'], asi: ['ASI02'] },
    needs: ['history'],
    version: 1,
  },
  everySeconds: 3_600,
  settleSeconds: 300,

  sql: `
    WITH
      past AS (
        SELECT tenant, subject, destination, hour, sum(arg_bytes) AS bytes, sum(calls) AS times
        FROM destinations
        WHERE hour >= {from:DateTime64(6, 'UTC')} - INTERVAL 14 DAY AND hour < {from:DateTime64(6, 'UTC')}
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
        GROUP BY tenant, subject, destination, hour
      ),
      present AS (
        SELECT tenant, subject, destination, sum(arg_bytes) AS bytes, sum(calls) AS times,
          argMax(server_name, arg_bytes) AS server, argMax(tool, arg_bytes) AS tool
        FROM destinations
        WHERE hour >= {from:DateTime64(6, 'UTC')} AND hour < {to:DateTime64(6, 'UTC')}
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
        GROUP BY tenant, subject, destination
        HAVING bytes >= ${limits.leastBytes} OR times >= ${limits.leastCalls}
        ORDER BY bytes DESC, times DESC, tenant, subject, destination
        LIMIT 1000
      ),
      own AS (
        SELECT tenant, subject,
          arraySlice(arrayReverseSort(groupArray((hour, destination, bytes, times))), 1, 1000) AS samples
        FROM past
        WHERE (tenant, subject) IN (SELECT tenant, subject FROM present)
        GROUP BY tenant, subject
      ),
      everybody AS (
        SELECT tenant, arraySlice(arrayReverseSort(groupArray((hour, subject, destination, bytes, times))), 1, 2000) AS samples
        FROM past
        GROUP BY tenant
      ),
      known AS (SELECT tenant, destination, uniqExact(hour) AS hours FROM past GROUP BY tenant, destination),
      evidence AS (
        SELECT tenant, subject, destination,
          if(uniqExact(audit.session) = 1, any(audit.session), '') AS session,
          arrayMap(one -> one.2, arraySlice(arrayReverseSort(groupArray((arg_bytes, toString(record_id)))), 1, 5)) AS records
        FROM audit
        ARRAY JOIN destinations AS destination
        WHERE kept_at >= {from:DateTime64(6, 'UTC')} AND kept_at < {to:DateTime64(6, 'UTC')}
          AND (tenant, subject, destination) IN (SELECT tenant, subject, destination FROM present)
        GROUP BY tenant, subject, destination
      )
    SELECT p.tenant AS tenant, p.subject AS subject, p.destination AS destination, p.server AS server, p.tool AS tool,
      e.session AS session, e.records AS records, p.bytes AS bytes, p.times AS calls,
      o.samples.3 AS own_bytes, o.samples.4 AS own_calls,
      arrayFilter(sample -> sample.2 != p.subject, a.samples) AS others,
      others.4 AS peer_bytes, others.5 AS peer_calls, length(arrayDistinct(others.2)) AS peers, k.hours AS known_hours
    FROM present AS p
    LEFT JOIN own AS o ON o.tenant = p.tenant AND o.subject = p.subject
    LEFT JOIN everybody AS a ON a.tenant = p.tenant
    LEFT JOIN known AS k ON k.tenant = p.tenant AND k.destination = p.destination
    LEFT JOIN evidence AS e ON e.tenant = p.tenant AND e.subject = p.subject AND e.destination = p.destination
    ORDER BY tenant, subject, destination`,

  judge(row, policy) {
    if (policy.isOwnDestination(row.destination)) return undefined
    const bytes = measure(Number(row.bytes), row.own_bytes, row.peer_bytes, limits.bytesSpread)
    const calls = measure(Number(row.calls), row.own_calls, row.peer_calls, limits.callsSpread)
    if (bytes.own.samples < limits.ownSamples && bytes.peers.samples < limits.peerSamples) return thin(bytes)
    const large = Number(row.bytes) >= limits.leastBytes && isStrange(bytes)
    const many = Number(row.calls) >= limits.leastCalls && isStrange(calls)
    return large || many ? draftOf(row, bytes, calls, large) : undefined
  },
})

interface Measure {
  readonly value: number
  readonly own: Baseline
  readonly peers: Baseline
  readonly aboveOwn: number
  readonly abovePeers: number
}

function measure(value: number, own: readonly string[], peers: readonly string[], floor: number): Measure {
  const usual = baselineOf(own.map(Number), floor)
  const usualOfPeers = baselineOf(peers.map(Number), floor)
  return {
    value,
    own: usual,
    peers: usualOfPeers,
    aboveOwn: robustDeviation(value, usual),
    abovePeers: robustDeviation(value, usualOfPeers),
  }
}

/** By both; where one has too little history, by the other alone. */
function isStrange({ own, peers, aboveOwn, abovePeers }: Measure): boolean {
  if (own.samples < limits.ownSamples) return abovePeers >= limits.strange
  const peersAgree = peers.samples < limits.peerSamples || abovePeers >= limits.strangeToPeers
  return aboveOwn >= limits.strange && peersAgree
}

const thin = ({ own, peers }: Measure): NotEvaluated => ({
  notEvaluated: 'history',
  because: `${own.samples} hours of the subject and ${peers.samples} of its peers in 14 days; ${limits.ownSamples} or ${limits.peerSamples} are needed`,
})

function draftOf(row: Row, bytes: Measure, calls: Measure, large: boolean): RowDraft {
  const known = Number(row.known_hours)
  const telling = large ? bytes : calls
  const byOwn = telling.own.samples >= limits.ownSamples
  const usual = byOwn ? telling.own : telling.peers
  const unit = large ? 'bytes' : 'calls'
  return {
    anchor: JSON.stringify([row.subject, row.destination]),
    session: row.session,
    subject: row.subject,
    server: row.server,
    tool: row.tool,
    // A place that nobody of the tenant sent anything to in two weeks is no busy day.
    severity: large && known === 0 ? 'high' : 'medium',
    summary:
      `${row.subject || 'an unnamed subject'} sent ${telling.value} ${unit} to ${row.destination} in an hour; usual ` +
      `${byOwn ? 'for it' : 'for its peers'} is ${Math.round(usual.median)} (spread ${Math.round(usual.spread)})` +
      `${known === 0 ? ', and nobody sent anything there in 14 days' : ''}`,
    calls: row.records,
    score: {
      bytes: bytes.value,
      calls: calls.value,
      window_seconds: 3_600,
      history_days: 14,
      known_hours: known,
      own_samples: bytes.own.samples,
      own_median_bytes: bytes.own.median,
      own_spread_bytes: bytes.own.spread,
      own_deviation_bytes: bytes.aboveOwn,
      own_deviation_calls: calls.aboveOwn,
      peers: Number(row.peers),
      peer_samples: bytes.peers.samples,
      peer_median_bytes: bytes.peers.median,
      peer_spread_bytes: bytes.peers.spread,
      peer_deviation_bytes: bytes.abovePeers,
      peer_deviation_calls: calls.abovePeers,
    },
  }
}
