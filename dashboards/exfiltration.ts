/** What may leave: hosts that arguments name, how much was sent where, which are new, which secrets were on the way. */
import { toBoth, toSession, uids } from './addresses.js'
import { bars, dashboard, series, stat, table } from './house-style.js'
import { chosen, happened, hoursInRange, latest, rank } from './query.js'

const names = `${chosen('tenant', 'tenant')} AND ${chosen('server', 'server_name')} AND ${chosen('subject', 'subject')}`
const inRange = `$__timeFilter(kept_at) AND ${names}`
const none =
  'No argument of this range names a host or an address. Hours are computed within minutes after they were written to.'

/** By tenant: what is new to one is new, whoever else knows it. All of its history counts, whatever server or person is chosen. */
const newDestinations = `
  SELECT tenant, destination FROM destinations WHERE ${chosen('tenant', 'tenant')}
  GROUP BY tenant, destination HAVING min(hour) >= toStartOfHour($__fromTime) AND min(hour) <= ($__toTime)`

/** Detectors of data that leaves. */
const detectors = `('outbound-volume', 'new-destination', 'slow-drip', 'sensitive-to-sink', 'markup-beacon', 'encoded-payload', 'secret-exposed')`

export const exfiltration = dashboard({
  uid: uids.exfiltration,
  title: 'Watchkeeper / Exfiltration watch',
  description: 'What may leave: hosts and address domains that arguments of calls name, how much, which are new.',
  filters: ['server', 'subject'],
  rows: [
    {
      title: 'In short',
      panels: [
        stat({
          title: 'New destinations',
          description:
            'Hosts and address domains that no argument named before this range, as far as hours are kept. See them below.',
          sql: `SELECT uniqExact(destination) AS destinations FROM destinations
            WHERE (tenant, destination) IN (${newDestinations}) AND ${hoursInRange} AND ${names}`,
          empty: none,
          width: 6,
          steps: [[1, 'medium']],
        }),
        stat({
          title: 'Sent to named destinations',
          description: 'Bytes of arguments of calls that name a host or an address.',
          sql: `SELECT sumIf(audit.arg_bytes, notEmpty(destinations)) AS sent FROM ${happened} AS audit WHERE ${inRange}`,
          empty: none,
          unit: 'bytes',
          width: 6,
        }),
        stat({
          title: 'Secrets in arguments',
          description:
            'Calls in whose arguments something that looks like a secret stood; kinds and calls below. The secret itself is never kept.',
          sql: `SELECT countIf(notEmpty(arg_secret_kinds)) AS calls FROM ${happened} AS audit WHERE ${inRange}`,
          empty: none,
          width: 6,
          steps: [[1, 'high']],
        }),
        stat({
          title: 'Findings of leaks',
          description:
            'What detectors of data that leaves found: volume, new destinations, slow drips, sensitive values, beacons, encodings, secrets.',
          sql: `SELECT count() AS findings FROM finding
            WHERE detector IN ${detectors} AND maturity = 'stable' AND excluded_by = '' AND $__timeFilter(at)
              AND ${chosen('tenant', 'tenant')} AND ${chosen('server', 'server')} AND ${chosen('subject', 'subject')}`,
          empty: '0',
          width: 6,
          steps: [[1, 'high']],
        }),
      ],
    },
    {
      title: 'Where to, and how much',
      panels: [
        series({
          title: 'Bytes by destination',
          description:
            'Arguments sent in calls that name a destination, the ten with most; a call that names two counts for both.',
          sql: `SELECT $__timeInterval(hour) AS time, destination, sum(destinations.arg_bytes) AS sent
            FROM destinations
            WHERE ${hoursInRange} AND ${names} AND destination IN (
              SELECT destination FROM destinations WHERE ${hoursInRange} AND ${names}
              GROUP BY destination ORDER BY sum(destinations.arg_bytes) DESC, destination LIMIT 10)
            GROUP BY time, destination ORDER BY time, destination`,
          by: 'destination',
          leastInterval: '1h',
          unit: 'bytes',
          empty: none,
          width: 14,
        }),
        bars({
          title: 'Bytes by person',
          description: 'Who sent most in calls that name a destination.',
          sql: `SELECT if(subject = '', 'not named', toString(subject)) AS person, sum(audit.arg_bytes) AS sent
            FROM ${happened} AS audit WHERE notEmpty(destinations) AND ${inRange}
            GROUP BY person ORDER BY sent DESC, person LIMIT 20`,
          empty: none,
          unit: 'bytes',
          width: 10,
        }),
        table({
          title: 'Destinations that are new',
          description:
            'First named in this range: by whom, through which tool, how much. Add your own domains to the policy file (own domains).',
          sql: `SELECT destination, min(hour) AS first_hour, sum(destinations.calls) AS calls, sum(destinations.arg_bytes) AS sent,
              subject, server_name AS server, tool, hex(subject) AS subject_key, hex(server_name) AS server_key
            FROM destinations
            WHERE (tenant, destination) IN (${newDestinations}) AND ${hoursInRange} AND ${names}
            GROUP BY destination, subject, server_name, tool
            ORDER BY sent DESC, destination, subject, server, tool
            LIMIT 200`,
          empty: 'Every destination of this range was known before.',
          width: 12,
          columns: {
            sent: { unit: 'bytes', width: 100 },
            subject: { link: toBoth },
            subject_key: { hidden: true },
            server_key: { hidden: true },
          },
        }),
        table({
          title: 'All destinations',
          description: 'Hosts and address domains of the range with what went there and who named them.',
          sql: `SELECT destination, sum(destinations.calls) AS calls, sum(destinations.arg_bytes) AS sent, uniqExact(subject) AS people,
              arrayStringConcat(arraySort(groupUniqArray(10)(toString(server_name))), ', ') AS servers, max(hour) AS last_hour
            FROM destinations WHERE ${hoursInRange} AND ${names}
            GROUP BY destination ORDER BY sent DESC, destination
            LIMIT 500`,
          empty: none,
          width: 12,
          columns: { sent: { unit: 'bytes', width: 100 } },
        }),
        table({
          title: 'Calls that carried secrets',
          description:
            'Kinds of secret in the arguments of a call, and where the call names as its destination. Rotate what left.',
          sql: `SELECT kept_at AS time, subject, server_name AS server, tool, arrayStringConcat(arg_secret_kinds, ', ') AS secrets,
              arrayStringConcat(destinations, ', ') AS named_destinations, audit.arg_bytes AS sent, session, hex(session) AS session_key
            FROM ${latest(`notEmpty(arg_secret_kinds) AND ${inRange}`, 200)} AS audit
            ORDER BY kept_at DESC, record_id`,
          empty: 'No argument of this range looked like a secret.',
          width: 12,
          columns: { sent: { unit: 'bytes', width: 100 }, session: { link: toSession }, session_key: { hidden: true } },
        }),
        table({
          title: 'What detectors of leaks found',
          description: 'Findings of the detectors of data that leaves, worst first; also those on trial.',
          sql: `SELECT severity, at AS time, detector, maturity, summary, session, hex(session) AS session_key
            FROM finding
            WHERE detector IN ${detectors} AND excluded_by = '' AND $__timeFilter(at) AND ${chosen('tenant', 'tenant')}
              AND ${chosen('server', 'server')} AND ${chosen('subject', 'subject')}
            ORDER BY ${rank('severity')} DESC, at DESC, fingerprint
            LIMIT 200`,
          empty: 'These detectors found nothing in this range.',
          width: 12,
          columns: {
            severity: { width: 90, colour: 'names' },
            session: { link: toSession },
            session_key: { hidden: true },
          },
        }),
      ],
    },
  ],
})
