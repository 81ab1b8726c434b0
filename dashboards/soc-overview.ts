/** What needs eyes now, who is at risk, and what becomes of what was seen. */
import { toBoth, toIncident, uids } from './addresses.js'
import { bars, dashboard, series, stat, table } from './house-style.js'
import { chosen, happened, rank, weight } from './query.js'

const incidents = `maturity = 'stable' AND $__timeFilter(updated_at) AND ${chosen('tenant', 'tenant')}`
const findings = `maturity = 'stable' AND excluded_by = '' AND $__timeFilter(at) AND ${chosen('tenant', 'tenant')}
  AND ${chosen('server', 'server')} AND ${chosen('subject', 'subject')} AND ${chosen('detector', 'detector')}`

export const socOverview = dashboard({
  uid: uids.soc,
  title: 'Watchkeeper / SOC overview',
  description:
    'Begin here: incidents by severity, the people and servers with most risk, and how many records became an alert.',
  filters: ['server', 'subject', 'detector'],
  rows: [
    {
      title: 'Now',
      panels: [
        ...(
          [
            ['critical', 'Critical incidents', 'Begin with these: open each in the table below.'],
            ['high', 'High incidents', 'Look at these next.'],
            ['medium', 'Medium incidents', 'Look at these within the day.'],
          ] as const
        ).map(([severity, title, todo]) =>
          stat({
            title,
            description: `Incidents of severity ${severity} that changed in the range; trial detectors are left out. ${todo}`,
            sql: `SELECT count() AS incidents FROM incident WHERE severity = '${severity}' AND ${incidents}`,
            empty: '0',
            width: 6,
            steps: [[1, severity]],
          }),
        ),
        stat({
          title: 'Not delivered',
          description:
            'Incidents whose latest attempt at a receiver did not arrive. See `watchkeeper incidents` and WATCHKEEPER_WEBHOOK settings.',
          sql: `SELECT count() AS incidents FROM (
              SELECT incident_id, argMax(outcome, (version, attempt, at)) AS latest FROM deliveries
              WHERE $__timeFilter(at) AND incident_id IN (SELECT incident_id FROM incident WHERE ${chosen('tenant', 'tenant')})
              GROUP BY incident_id, receiver)
            WHERE latest != 'delivered'`,
          empty: '0',
          width: 6,
          steps: [[1, 'high']],
        }),
        table({
          title: 'What needs eyes now',
          description: 'Incidents that changed in the range, worst first. Click a title to see its evidence.',
          sql: `SELECT severity, title, summary, updated_at AS changed, opened_at AS opened, length(findings) AS findings,
              tenant, hex(session) AS session_key, toString(incident_id) AS incident
            FROM incident
            WHERE ${incidents}
            ORDER BY ${rank('severity')} DESC, updated_at DESC, incident_id
            LIMIT 100`,
          empty: 'No incident changed in this range. That is good news if Pipeline health shows that records arrive.',
          width: 24,
          columns: {
            severity: { width: 90, colour: 'names' },
            title: {
              width: 320,
              link: toIncident,
            },
            findings: { width: 80 },
            session_key: { hidden: true },
            incident: { hidden: true },
          },
        }),
      ],
    },
    {
      title: 'Trend and risk',
      panels: [
        series({
          title: 'Findings by severity',
          description: 'What stable detectors found and the policy file does not exclude, by the time of the event.',
          sql: `SELECT $__timeInterval(at) AS time, toString(severity) AS severity, count() AS findings
            FROM finding WHERE ${findings}
            GROUP BY time, severity ORDER BY time, severity`,
          by: 'severity',
          empty: 'No findings in this range. Detector health shows whether detectors ran.',
          width: 14,
        }),
        bars({
          title: 'Alert funnel',
          description:
            'How many records became an alert: things that happened, findings, those that may alert (no trial detector, no exclusion of the policy file), incidents, delivered ones. For all servers, subjects and detectors.',
          sql: `SELECT step, number FROM (
              SELECT 1 AS place, 'records' AS step, count() AS number FROM ${happened} AS audit WHERE $__timeFilter(kept_at) AND ${chosen('tenant', 'tenant')}
              UNION ALL SELECT 2, 'findings', count() FROM finding WHERE $__timeFilter(at) AND ${chosen('tenant', 'tenant')}
              UNION ALL SELECT 3, 'that may alert', count() FROM finding WHERE maturity = 'stable' AND excluded_by = '' AND $__timeFilter(at) AND ${chosen('tenant', 'tenant')}
              UNION ALL SELECT 4, 'incidents', count() FROM incident WHERE ${incidents}
              UNION ALL SELECT 5, 'delivered', count() FROM incident WHERE ${incidents}
                AND incident_id IN (SELECT incident_id FROM deliveries WHERE outcome = 'delivered'))
            ORDER BY place`,
          empty: 'Nothing was received in this range: see Pipeline health.',
          width: 10,
        }),
        table({
          title: 'Entity risk',
          description:
            'People and servers by risk: for each detector its worst finding (critical 100, high 40, medium 10, low 3, info 1), added up, so that one noisy detector does not make a suspect.',
          sql: `SELECT kind, entity, sum(worst) AS risk, count() AS detectors, sum(number) AS findings, max(last) AS last_finding,
              arrayStringConcat(arraySort(groupArray(detector)), ', ') AS found_by, hex(entity) AS entity_key,
              if(kind = 'subject', entity_key, 'All') AS subject_key, if(kind = 'server', entity_key, 'All') AS server_key
            FROM (
              SELECT pair.1 AS kind, pair.2 AS entity, toString(detector) AS detector, max(${weight('severity')}) AS worst,
                count() AS number, max(at) AS last
              FROM finding
              ARRAY JOIN [('subject', subject), ('server', server)] AS pair
              WHERE pair.2 != '' AND ${findings}
              GROUP BY kind, entity, detector)
            GROUP BY kind, entity
            ORDER BY risk DESC, last_finding DESC, entity
            LIMIT 50`,
          empty: 'No finding names a person or server in this range.',
          width: 24,
          columns: {
            kind: { width: 90 },
            entity: {
              link: toBoth,
            },
            risk: {
              width: 90,
              steps: [
                [10, 'low'],
                [40, 'medium'],
                [100, 'high'],
                [200, 'critical'],
              ],
            },
            entity_key: { hidden: true },
            subject_key: { hidden: true },
            server_key: { hidden: true },
          },
        }),
      ],
    },
  ],
})
