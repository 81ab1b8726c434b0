/** Whether detectors run, how long they take, what they could not judge, and which of them page too much. */
import { toSession, uids } from './addresses.js'
import { bars, dashboard, series, stat, table } from './house-style.js'
import { chosen, rank } from './query.js'

/** Runs over a window are of no one tenant. */
const runs = `$__timeFilter(started_at) AND (tenant = '' OR ${chosen('tenant', 'tenant')}) AND ${chosen('detector', 'detector')}`
const findings = `$__timeFilter(at) AND ${chosen('tenant', 'tenant')} AND ${chosen('detector', 'detector')}`
const unjudged = `$__timeFilter(at) AND ${chosen('tenant', 'tenant')} AND ${chosen('detector', 'detector')}`
/** One row tells of all sessions of a turn that ended alike; a run over a window without any is one. */
const verdicts = 'greatest(sessions, 1)'
const noRuns =
  'No detector ran in this range. Does a process with the role `detect` run, and do records arrive (Pipeline health)?'

export const detectorHealth = dashboard({
  uid: uids.detectors,
  title: 'Watchkeeper / Detector health',
  description: 'Whether detectors run, how long they take, what they could not judge, what they found.',
  filters: ['detector'],
  rows: [
    {
      title: 'In short',
      panels: [
        stat({
          title: 'Detectors that ran',
          description:
            'Different detectors that judged at least one session or window. `watchkeeper detectors list` has all.',
          sql: `SELECT uniqExact(detector) AS detectors FROM detector_runs WHERE ${runs}`,
          empty: noRuns,
          width: 6,
        }),
        stat({
          title: 'Failed verdicts',
          description:
            'Share of judged sessions and windows that ended in an error, a timeout, over budget or crowded out: what was not judged there may be an attack.',
          sql: `SELECT if(sum(${verdicts}) = 0, 0, sumIf(${verdicts}, outcome != 'ok') / sum(${verdicts})) AS failed FROM detector_runs WHERE ${runs}`,
          empty: noRuns,
          unit: 'percentunit',
          width: 6,
          steps: [
            [0.001, 'medium'],
            [0.01, 'high'],
          ],
        }),
        stat({
          title: 'Sessions not judged in full',
          description: 'Sessions for which a detector lacked an input. The table below says which: instrument that.',
          sql: `SELECT uniqExact(tenant, session) AS sessions FROM not_evaluated WHERE ${unjudged}`,
          empty: '0',
          width: 6,
          steps: [[1, 'low']],
        }),
        stat({
          title: 'Furthest behind',
          description:
            'How far the slowest reader is behind the end of the range. Minutes are normal; hours mean that alerts come late.',
          sql: `SELECT max(dateDiff('second', position, $__toTime)) AS behind FROM watermark WHERE startsWith(name, 'detect/') AND at >= ($__fromTime)`,
          empty: noRuns,
          unit: 's',
          width: 6,
          steps: [
            [3600, 'medium'],
            [21600, 'high'],
          ],
        }),
      ],
    },
    {
      title: 'Runs',
      panels: [
        series({
          title: 'Verdicts by outcome',
          description: 'Sessions and windows judged, and how that ended.',
          sql: `SELECT $__timeInterval(started_at) AS time, toString(outcome) AS ended, sum(${verdicts}) AS verdicts
            FROM detector_runs WHERE ${runs}
            GROUP BY time, ended ORDER BY time, ended`,
          by: 'ended',
          empty: noRuns,
          width: 12,
        }),
        series({
          title: 'Findings by detector',
          description: 'What each detector found, by the time of the event: also on trial, also excluded.',
          sql: `SELECT $__timeInterval(at) AS time, toString(detector) AS found_by, count() AS findings
            FROM finding WHERE ${findings}
            GROUP BY time, found_by ORDER BY time, found_by`,
          by: 'found_by',
          empty: 'No findings in this range.',
          width: 12,
        }),
        table({
          title: 'Detectors',
          description:
            'Each detector: verdicts, failures, mean time of one, time in all, and what became of its findings. One that pages often and is never right belongs into exclusions of the policy file, or to us.',
          sql: `SELECT detector, sum(judged) AS verdicts, sum(bad) AS failed, if(verdicts = 0, 0, sum(took) / verdicts / 1000) AS mean,
              sum(took) / 1000 AS in_all, sum(alerting) AS may_alert, sum(trial) AS on_trial, sum(excluded) AS excluded_by_policy
            FROM (
              SELECT toString(detector) AS detector, sum(${verdicts}) AS judged, sumIf(${verdicts}, outcome != 'ok') AS bad,
                sum(duration_us) AS took, 0 AS alerting, 0 AS trial, 0 AS excluded
              FROM detector_runs WHERE ${runs} GROUP BY detector
              UNION ALL
              SELECT toString(detector) AS detector, 0, 0, 0, countIf(maturity = 'stable' AND excluded_by = ''),
                countIf(maturity = 'trial'), countIf(maturity = 'stable' AND excluded_by != '')
              FROM finding WHERE ${findings} GROUP BY detector)
            GROUP BY detector ORDER BY failed DESC, in_all DESC, detector`,
          empty: noRuns,
          width: 24,
          columns: {
            failed: { width: 90, steps: [[1, 'medium']] },
            mean: { unit: 'ms', width: 110 },
            in_all: { unit: 'ms', width: 110 },
          },
        }),
      ],
    },
    {
      title: 'What is wrong',
      panels: [
        table({
          title: 'Failures',
          description:
            'Runs that failed, by outcome and reason. A detector that fails again sits out for a while; logs say where.',
          sql: `SELECT detector, outcome, reason, sum(${verdicts}) AS verdicts, max(started_at) AS last,
              sum(duration_us) / sum(${verdicts}) / 1000 AS mean
            FROM detector_runs WHERE outcome != 'ok' AND ${runs}
            GROUP BY detector, outcome, reason ORDER BY last DESC, detector, outcome, reason
            LIMIT 200`,
          empty: 'No run failed in this range.',
          width: 12,
          columns: { outcome: { width: 110, colour: 'names' }, mean: { unit: 'ms', width: 100 } },
        }),
        table({
          title: 'For want of what',
          description: 'Which input detectors lacked, for how many sessions. src/sdk/README.md says how to tell of it.',
          sql: `SELECT detector, input, because, uniqExact(tenant, session) AS sessions, max(at) AS last
            FROM not_evaluated WHERE ${unjudged}
            GROUP BY detector, input, because ORDER BY sessions DESC, detector, input, because
            LIMIT 200`,
          empty: 'Every detector had what it needs.',
          width: 12,
        }),
        table({
          title: 'How far readers have come',
          description:
            'Up to which time each reader has judged, when it said so, how far that is behind the end of the range.',
          sql: `SELECT name, position, watermark.at AS said_at, dateDiff('second', position, $__toTime) AS behind
            FROM watermark ORDER BY behind DESC, name`,
          empty: noRuns,
          width: 12,
          columns: {
            behind: {
              unit: 's',
              width: 110,
              steps: [
                [3600, 'medium'],
                [21600, 'high'],
              ],
            },
          },
        }),
        table({
          title: 'Latest findings',
          description: 'What detectors found last, with maturity and the exclusion that covers it.',
          sql: `SELECT at AS time, severity, detector, maturity, excluded_by, summary, session, hex(session) AS session_key
            FROM finding WHERE ${findings}
            ORDER BY at DESC, ${rank('severity')} DESC, fingerprint
            LIMIT 100`,
          empty: 'No findings in this range.',
          width: 12,
          columns: {
            severity: { width: 90, colour: 'names' },
            session: { link: toSession },
            session_key: { hidden: true },
          },
        }),
        bars({
          title: 'Sessions that lacked an input',
          description: 'By detector: where the blind spots are.',
          sql: `SELECT toString(detector) AS detector_name, uniqExact(tenant, session) AS sessions FROM not_evaluated WHERE ${unjudged}
            GROUP BY detector_name ORDER BY sessions DESC, detector_name LIMIT 20`,
          empty: 'Every detector had what it needs.',
          width: 24,
          height: 6,
        }),
      ],
    },
  ],
})
