/** What people's verdicts say of the detectors: how often what a detector reported was so. */
import type { Queries } from './incident-rows.js'
import type { Verdict } from './triage.js'

export interface Feedback {
  readonly detector: string
  /** Incidents that it has a finding in. */
  readonly incidents: number
  readonly verdicts: Readonly<Record<Verdict, number>>
  /** Share of true ones (benign ones are: it did happen) among those with a verdict that says; `undefined` where none does. */
  readonly precision: number | undefined
}

/** By detector; of all tenants where none is given. `since` in microseconds, by when the incident was opened. */
export async function feedback(
  store: Queries,
  { tenant, since = 0 }: { readonly tenant: string | undefined; readonly since?: number },
): Promise<Feedback[]> {
  const rows = await store.query<Record<'detector' | 'incidents' | 'tp' | 'btp' | 'fp' | 'open', string>>(
    `SELECT f.detector AS detector, uniqExact(i.incident_id) AS incidents,
       uniqExactIf(i.incident_id, t.verdict = 'true_positive') AS tp,
       uniqExactIf(i.incident_id, t.verdict = 'benign_true_positive') AS btp,
       uniqExactIf(i.incident_id, t.verdict = 'false_positive') AS fp,
       uniqExactIf(i.incident_id, t.verdict = 'undetermined') AS open
     FROM (
       SELECT incident_id, tenant, arrayJoin(findings) AS fingerprint FROM incident
       WHERE ({every:Bool} OR tenant = {tenant:String}) AND opened_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')) AS i
     INNER JOIN (SELECT fingerprint, detector FROM finding WHERE {every:Bool} OR tenant = {tenant:String}) AS f
       ON f.fingerprint = i.fingerprint
     LEFT JOIN triage_state AS t ON t.incident_id = i.incident_id AND t.tenant = i.tenant
     GROUP BY detector ORDER BY detector`,
    { every: tenant === undefined, tenant: tenant ?? '', since },
  )
  return rows.map((row) => {
    const [tp, btp, fp] = [Number(row.tp), Number(row.btp), Number(row.fp)]
    return {
      detector: row.detector,
      incidents: Number(row.incidents),
      verdicts: {
        true_positive: tp,
        benign_true_positive: btp,
        false_positive: fp,
        undetermined: Number(row.open),
      },
      precision: tp + btp + fp === 0 ? undefined : (tp + btp) / (tp + btp + fp),
    }
  })
}
