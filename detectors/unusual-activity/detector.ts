import {
  type Baseline,
  baselineOf,
  decayed,
  listed,
  type NotEvaluated,
  queryDetector,
  type RowDraft,
  robustDeviation,
  type Severity,
  sameHours,
  surprise,
} from '#detector'

/**
 * An hour of a subject, held against its own four weeks and its peers': how much, when, with which tools, with how many errors. Any
 * one of these is odd now and then, so one alone is at most low; two that agree are medium. Volume is told by the robust
 * z-score, with the trend of the last days taken into account (`decayed`); the hour by the same hours of the week (`sameHours`); tools
 * by their surprise in bits.
 */
const limits = {
  historyDays: 28,
  /** Active hours before any verdict. */
  ownHours: 40,
  peerHours: 200,
  calls: 40,
  /** Robust deviations: own must say so, and peers agree. */
  strange: 8,
  strangeToPeers: 3.5,
  /** Active in none of the same hours of this many weeks, and active in this many other hours. */
  weeks: 3,
  errorCalls: 30,
  errorRate: 0.5,
  bits: 6,
} as const

interface Row {
  readonly tenant: string
  readonly subject: string
  readonly from: string
  readonly calls: string
  readonly errors: string
  /** [tool, calls now, calls of the subject before, calls of all before] */
  readonly tools: readonly (readonly [string, string, string, string])[]
  /** [hour as seconds, calls, errors] of the subject. */
  readonly hours: readonly (readonly [string, string, string])[]
  readonly peer_calls: readonly string[]
  readonly peer_total: string
  readonly all_tools: string
  readonly records: readonly string[]
  readonly server: string
  readonly session: string
}

interface Oddity {
  readonly name: string
  readonly says: string
  readonly score: Readonly<Record<string, number>>
}

export default queryDetector<Row>({
  about: {
    title: 'Activity far from what this subject and its peers usually do',
    severity: 'medium',
    maturity: 'stable',
    tags: { atlas: ['AML.T0053', 'AML.T0034.002'], mcp: ['MCP07:2025'], asi: ['ASI08', 'ASI10'] },
    needs: ['history'],
    version: 1,
  },
  everySeconds: 3_600,
  settleSeconds: 300,

  sql: `
    WITH
      past AS (
        SELECT tenant, subject, hour, server_name AS server, activity.tool AS tool, sum(activity.calls) AS times, sumIf(activity.calls, outcome NOT IN ('ok', 'input_required', '')) AS failures
        FROM activity
        WHERE kind = 'call' AND method = 'tools/call' AND subject != ''
          AND hour >= {from:DateTime64(6, 'UTC')} - INTERVAL ${limits.historyDays} DAY AND hour < {to:DateTime64(6, 'UTC')}
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
        GROUP BY tenant, subject, hour, server, tool
      ),
      hourly AS (SELECT tenant, subject, hour, sum(times) AS calls, sum(failures) AS errors FROM past GROUP BY tenant, subject, hour),
      present AS (
        SELECT tenant, subject, sum(calls) AS calls, sum(errors) AS errors
        FROM hourly
        WHERE hour >= {from:DateTime64(6, 'UTC')}
        GROUP BY tenant, subject
        HAVING calls >= ${Math.min(limits.calls, limits.errorCalls)}
        ORDER BY calls DESC, tenant, subject
        LIMIT 1000
      ),
      own AS (
        SELECT tenant, subject, arraySort(groupArray((toUnixTimestamp(hour), calls, errors))) AS hours
        FROM hourly
        WHERE hour < {from:DateTime64(6, 'UTC')} AND (tenant, subject) IN (SELECT tenant, subject FROM present)
        GROUP BY tenant, subject
      ),
      everybody AS (
        SELECT tenant, arraySlice(arrayReverseSort(groupArray(20000)((toUnixTimestamp(hour), subject, calls))), 1, 2000) AS samples
        FROM hourly
        WHERE hour < {from:DateTime64(6, 'UTC')}
        GROUP BY tenant
      ),
      tool_all AS (SELECT tenant, server, tool, sum(times) AS times FROM past WHERE hour < {from:DateTime64(6, 'UTC')} GROUP BY tenant, server, tool),
      tool_own AS (SELECT tenant, subject, server, tool, sumIf(times, hour >= {from:DateTime64(6, 'UTC')}) AS now_times, sumIf(times, hour < {from:DateTime64(6, 'UTC')}) AS own_times
        FROM past WHERE (tenant, subject) IN (SELECT tenant, subject FROM present) GROUP BY tenant, subject, server, tool HAVING now_times > 0),
      mix AS (
        SELECT o.tenant AS tenant, o.subject AS subject, arraySlice(arrayReverseSort(t -> t.2, groupArray((concat(o.tool, if(o.server = '', '', concat(' (', o.server, ')'))), o.now_times, o.own_times, a.times))), 1, 50) AS tools
        FROM tool_own AS o
        LEFT JOIN tool_all AS a ON a.tenant = o.tenant AND a.server = o.server AND a.tool = o.tool
        GROUP BY tenant, subject
      ),
      totals AS (SELECT tenant, sum(times) AS total, uniqExact(server, tool) AS tools FROM tool_all GROUP BY tenant),
      evidence AS (
        SELECT tenant, subject, arraySlice(arraySort(groupArray(1000)(toString(record_id))), 1, 10) AS records, any(server_name) AS server,
          if(uniqExact(audit.session) = 1, any(audit.session), '') AS session
        FROM audit
        WHERE kind = 'call' AND method = 'tools/call' AND kept_at >= {from:DateTime64(6, 'UTC')} AND kept_at < {to:DateTime64(6, 'UTC')}
          AND (tenant, subject) IN (SELECT tenant, subject FROM present)
        GROUP BY tenant, subject
      )
    SELECT p.tenant AS tenant, p.subject AS subject, toString(toUnixTimestamp({from:DateTime64(6, 'UTC')})) AS from, p.calls AS calls, p.errors AS errors,
      m.tools AS tools, o.hours AS hours, arrayMap(one -> one.3, arrayFilter(one -> one.2 != p.subject, e.samples)) AS peer_calls,
      t.total AS peer_total, t.tools AS all_tools, v.records AS records, v.server AS server, v.session AS session
    FROM present AS p
    LEFT JOIN own AS o ON o.tenant = p.tenant AND o.subject = p.subject
    LEFT JOIN everybody AS e ON e.tenant = p.tenant
    LEFT JOIN mix AS m ON m.tenant = p.tenant AND m.subject = p.subject
    LEFT JOIN totals AS t ON t.tenant = p.tenant
    LEFT JOIN evidence AS v ON v.tenant = p.tenant AND v.subject = p.subject
    ORDER BY tenant, subject`,

  judge(row): RowDraft | NotEvaluated | undefined {
    const own = row.hours.length
    const peers = row.peer_calls.length
    if (own < limits.ownHours && peers < limits.peerHours)
      return {
        notEvaluated: 'history',
        because: `${own} active hours of the subject and ${peers} of its peers in ${limits.historyDays} days; ${limits.ownHours} or ${limits.peerHours} are needed`,
      }
    const odd = [volume(row), timing(row), errors(row), mix(row)].filter((one) => one !== undefined)
    if (odd.length === 0) return undefined
    const severity: Severity = odd.length >= 2 ? 'medium' : 'low'
    return {
      anchor: JSON.stringify([row.subject]),
      session: row.session,
      subject: row.subject,
      server: row.server,
      tool: '',
      severity,
      summary: `${row.subject}: ${listed(
        odd.map(({ says }) => says),
        4,
      )}`,
      calls: row.records,
      score: Object.assign(
        { calls: Number(row.calls), own_hours: own, peer_hours: peers, history_days: limits.historyDays },
        ...odd.map(({ score }) => score),
      ) as Record<string, number>,
    }
  },
})

function volume({ calls, hours, peer_calls: peers }: Row): Oddity | undefined {
  const now = Number(calls)
  if (now < limits.calls) return undefined
  const counts = hours.map(([, count]) => Number(count))
  const usual = baselineOf(counts, 5)
  const usualOfPeers = baselineOf(peers.map(Number), 5)
  // A workload that has grown for days is measured by where it is now, not by where it was a month ago.
  const trend = decayed(counts, 12) ?? usual.median
  const shifted: Baseline = { ...usual, median: Math.max(usual.median, trend) }
  const [above, abovePeers] = [robustDeviation(now, shifted), robustDeviation(now, usualOfPeers)]
  const strange =
    counts.length < limits.ownHours
      ? abovePeers >= limits.strange
      : above >= limits.strange && (peers.length < limits.peerHours || abovePeers >= limits.strangeToPeers)
  return strange
    ? {
        name: 'volume',
        says: `${now} calls in an hour, usual are ${Math.round(shifted.median)}`,
        score: {
          volume_deviation: above,
          volume_deviation_peers: abovePeers,
          volume_median: usual.median,
          volume_spread: usual.spread,
          volume_trend: trend,
        },
      }
    : undefined
}

function timing({ calls, from, hours }: Row): Oddity | undefined {
  if (Number(calls) < limits.calls || hours.length < limits.ownHours) return undefined
  const past = hours.map(([hour]) => ({ hour: Number(hour) }))
  const weeks = (Number(from) - Math.min(...past.map(({ hour }) => hour))) / (7 * 86_400)
  if (weeks < limits.weeks || sameHours(past, Number(from)).length > 0) return undefined
  return {
    name: 'timing',
    says: `at an hour of the week at which it never worked in ${Math.floor(weeks)} weeks`,
    score: { weeks: Math.floor(weeks) },
  }
}

function errors({ calls, errors: failed, hours }: Row): Oddity | undefined {
  const [now, bad] = [Number(calls), Number(failed)]
  if (now < limits.errorCalls || bad / now < limits.errorRate) return undefined
  const rates = hours
    .filter(([, count]) => Number(count) >= 5)
    .map(([, count, failures]) => Number(failures) / Number(count))
  // Rates are shares; five in a hundred more or fewer is nothing.
  const usual = baselineOf(rates, 0.05)
  const above = robustDeviation(bad / now, usual)
  return above >= limits.strange
    ? {
        name: 'errors',
        says: `${Math.round((100 * bad) / now)} % of ${now} calls failed, usual are ${Math.round(100 * usual.median)} %`,
        score: { error_rate: bad / now, error_deviation: above, error_median: usual.median },
      }
    : undefined
}

function mix({ calls, tools, hours, peer_total: total, all_tools: kinds }: Row): Oddity | undefined {
  const now = Number(calls)
  if (now < limits.calls || hours.length < limits.ownHours) return undefined
  const before = hours.reduce((sum, [, count]) => sum + Number(count), 0)
  // Before a subject's own data, each tool is as likely as it is for everybody.
  const bits = tools.map(([name, times, own, all]) => ({
    name,
    times: Number(times),
    bits: surprise(Number(own), before, (Number(all) + 1) / (Number(total) + Number(kinds) + 1), 10),
  }))
  const mean =
    bits.reduce((sum, one) => sum + one.bits * one.times, 0) /
    Math.max(
      1,
      bits.reduce((sum, { times }) => sum + times, 0),
    )
  if (mean < limits.bits) return undefined
  const rare = bits.filter((one) => one.bits >= limits.bits).map(({ name }) => name)
  return {
    name: 'tools',
    says: `mostly tools that it seldom uses (${listed(rare, 3)}; ${mean.toFixed(1)} bits a call)`,
    score: { tool_bits: mean, rare_tools: rare.length },
  }
}
