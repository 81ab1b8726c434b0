/** How the detectors are: what they found, how they ended, what they could not judge. By the store; what there is is the caller's to know. */
import type { Queries } from '../../incidents.js'

export interface DetectorActivity {
  readonly detector: string
  /** Findings of the last 7 days, and those of them that the policy file excludes. */
  readonly findings: number
  readonly excluded: number
  /** Runs of the last 24 hours, and how many did not end well. */
  readonly runs: number
  readonly failed: number
  /** What the last one that did not end well ended with; '' where none did. */
  readonly lastFault: string
  /** Sessions of the last 24 hours that it could not judge, and the inputs that it had not. */
  readonly notEvaluated: number
  readonly lacks: readonly string[]
  /** Microseconds; 0: never. */
  readonly lastRunAt: number
  readonly lastFoundAt: number
}

const day = 86_400_000_000

/** Runs belong to no tenant or to several, so of one tenant alone those without a tenant count as well. `now` in microseconds. */
export async function detectorActivity(
  store: Queries,
  { tenant, now }: { readonly tenant: string | undefined; readonly now: number },
): Promise<DetectorActivity[]> {
  const rows = await store.query<Row>(
    `SELECT detector, sum(found) AS findings, sum(left_out) AS excluded, sum(ran) AS runs, sum(bad) AS failed,
       argMax(fault, fault_at) AS last_fault, sum(lacking) AS lacking, arraySort(groupUniqArrayArray(inputs)) AS lacks,
       toUnixTimestamp64Micro(max(ran_at)) AS last_run, toUnixTimestamp64Micro(max(found_at)) AS last_found
     FROM (
       SELECT detector, count() AS found, countIf(excluded_by != '') AS left_out, 0 AS ran, 0 AS bad, '' AS fault,
         toDateTime64(0, 6, 'UTC') AS fault_at, 0 AS lacking, CAST([], 'Array(String)') AS inputs,
         toDateTime64(0, 6, 'UTC') AS ran_at, max(finding.found_at) AS found_at
       FROM finding
       WHERE ({every:Bool} OR tenant = {tenant:String}) AND finding.found_at >= fromUnixTimestamp64Micro({week:Int64}, 'UTC')
       GROUP BY detector
       UNION ALL
       SELECT detector, 0, 0, count(), countIf(outcome != 'ok'), argMaxIf(concat(outcome, ' ', reason), started_at, outcome != 'ok'),
         maxIf(started_at, outcome != 'ok'), 0, [], max(started_at), toDateTime64(0, 6, 'UTC')
       FROM detector_runs
       WHERE ({every:Bool} OR tenant IN ('', {tenant:String})) AND started_at >= fromUnixTimestamp64Micro({day:Int64}, 'UTC')
       GROUP BY detector
       UNION ALL
       SELECT detector, 0, 0, 0, 0, '', toDateTime64(0, 6, 'UTC'), uniqExact(tenant, session), groupUniqArray(input),
         toDateTime64(0, 6, 'UTC'), toDateTime64(0, 6, 'UTC')
       FROM not_evaluated
       WHERE ({every:Bool} OR tenant = {tenant:String}) AND at >= fromUnixTimestamp64Micro({day:Int64}, 'UTC')
       GROUP BY detector)
     GROUP BY detector ORDER BY detector`,
    {
      every: tenant === undefined,
      tenant: tenant ?? '',
      week: Math.max(0, now - 7 * day),
      day: Math.max(0, now - day),
    },
  )
  return rows.map((row) => ({
    detector: row.detector,
    findings: Number(row.findings),
    excluded: Number(row.excluded),
    runs: Number(row.runs),
    failed: Number(row.failed),
    lastFault: row.last_fault.trim(),
    notEvaluated: Number(row.lacking),
    lacks: row.lacks,
    lastRunAt: Number(row.last_run),
    lastFoundAt: Number(row.last_found),
  }))
}

interface Row {
  readonly detector: string
  readonly findings: string
  readonly excluded: string
  readonly runs: string
  readonly failed: string
  readonly last_fault: string
  readonly lacking: string
  readonly lacks: readonly string[]
  readonly last_run: string
  readonly last_found: string
}
