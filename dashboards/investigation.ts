/** One incident, or one session: what happened in which order, which values went from where to where, what belongs together. */
import { toIncident, toSession, uids } from './addresses.js'
import { type Choice, dashboard, series, table } from './house-style.js'
import { chosen, happened, rank, withSessions } from './query.js'

const theIncident = `toString(incident_id) = '$incident' AND ${chosen('tenant', 'tenant')}`
/**
 * Rows of the chosen session, by the keys that mean it: those that are linked to it, and its own name where that is linked to no stronger
 * one. The same rows as `session = …` in `audit`, without a look at the links of all sessions. First all keys that may mean it: what the index
 * of session keys understands.
 */
const theSession = `session_key IN (SELECT key FROM session_links WHERE other = unhex('$session') UNION ALL SELECT unhex('$session'))
              AND ((tenant, session_key) IN (
                SELECT tenant, key FROM session_of
                WHERE key IN (SELECT key FROM session_links WHERE other = unhex('$session')) AND session = unhex('$session'))
              OR (session_key = unhex('$session') AND (tenant, session_key) NOT IN (SELECT tenant, key FROM session_of WHERE key = unhex('$session'))))
              AND $__timeFilter(kept_at) AND ${chosen('tenant', 'tenant')}`
const samePeople = `subject IN (SELECT subject FROM events WHERE ${theSession} AND subject != '')
              AND kept_at >= (SELECT min(kept_at) FROM events WHERE ${theSession}) - INTERVAL 1 DAY
              AND kept_at <= (SELECT max(kept_at) FROM events WHERE ${theSession}) + INTERVAL 1 DAY
              AND $__timeFilter(kept_at) AND ${chosen('tenant', 'tenant')}`
const chooseIncident = 'Choose an incident above, or come by a link of the SOC overview.'
const chooseSession =
  'Choose a session above and a range in which it was alive, or come by a link of another dashboard.'

const choices: readonly Choice[] = [
  {
    name: 'incident',
    label: 'Incident',
    description: 'Incidents that changed in the range, last changed first.',
    several: false,
    sql: `SELECT toString(incident_id), concat(severity, ' ', formatDateTime(updated_at, '%m-%d %H:%i'), ' ', title)
      FROM incident WHERE $__timeFilter(updated_at) AND ${chosen('tenant', 'tenant')}
      ORDER BY updated_at DESC LIMIT 500`,
  },
  {
    name: 'session',
    label: 'Session',
    description:
      'Sessions of the range, the latest first: c: conversation, m: MCP session, t: trace, s: subject and client.',
    several: false,
    sql: `SELECT hex(session), session
      FROM ${withSessions(`SELECT tenant, session_key, max(kept_at) AS last FROM ${happened} AS audit WHERE $__timeFilter(kept_at) AND ${chosen('tenant', 'tenant')} GROUP BY tenant, session_key ORDER BY last DESC LIMIT 2000`)} AS sessions
      WHERE session != ''
      GROUP BY session ORDER BY max(last) DESC LIMIT 500`,
  },
]

/** Steps and values of an incident's body, which is JSON. */
const ofBody = (member: string, type: string): string => `
  SELECT arrayJoin(JSONExtract(body, '${member}', 'Array(${type})')) AS one FROM incident WHERE ${theIncident}`

export const investigation = dashboard({
  uid: uids.investigation,
  title: 'Watchkeeper / Investigation',
  description: 'One incident and the session it happened in. Text in it was written by whoever sent the events.',
  choices,
  since: 'now-7d',
  rows: [
    {
      title: 'The incident',
      panels: [
        table({
          title: 'Incident',
          description:
            'What was reported, as its latest version says. `watchkeeper incidents show ID` has the same with what to do next.',
          sql: `SELECT severity, title, summary, status, maturity, version, opened_at AS opened, updated_at AS changed, session,
              tenant, toString(incident_id) AS incident, hex(session) AS session_key
            FROM incident WHERE ${theIncident}`,
          empty: chooseIncident,
          width: 24,
          height: 4,
          columns: {
            severity: { width: 90, colour: 'names' },
            title: { width: 280 },
            session: { link: toIncident },
            session_key: { hidden: true },
          },
        }),
        table({
          title: 'Findings of the incident',
          description:
            'Which detectors judged what, and the numbers behind each verdict; detectors/NAME/README.md explains them.',
          sql: `SELECT severity, at AS time, detector, summary, subject, server, tool,
              arrayStringConcat(arrayMap((name, value) -> concat(name, ' ', toString(round(value, 3))), mapKeys(score), mapValues(score)), ', ') AS why,
              toString(fingerprint) AS finding
            FROM finding
            WHERE fingerprint IN (SELECT arrayJoin(findings) FROM incident WHERE ${theIncident})
            ORDER BY ${rank('severity')} DESC, at, finding
            LIMIT 200`,
          empty: chooseIncident,
          width: 24,
          height: 7,
          columns: { severity: { width: 90, colour: 'names' }, finding: { hidden: true } },
        }),
        table({
          title: 'Evidence in order',
          description:
            'The steps that the detectors point at: request (what the person asked), source (where an order came from), action, context.',
          sql: `SELECT fromUnixTimestamp64Micro(one.at, 'UTC') AS time, one.part AS part, one.note AS note, one.recordId AS record
            FROM (${ofBody('timeline', 'Tuple(at Int64, part String, note String, recordId String)')})
            ORDER BY time, record
            LIMIT 500`,
          empty: chooseIncident,
          width: 12,
          columns: { part: { width: 90 }, record: { hidden: true } },
        }),
        table({
          title: 'Value flow',
          description:
            'Values that tie two records together: where each first appeared and where it was used. Values are keyed hashes; the same hash is the same value.',
          sql: `WITH pairs AS (
              SELECT one.kind AS kind, one.hash AS value, toUUIDOrZero(one.firstIn) AS first_in, toUUIDOrZero(one.usedIn) AS used_in
              FROM (${ofBody('matched', 'Tuple(kind String, hash String, firstIn String, usedIn String)')})),
            places AS (
              SELECT record_id, min(kept_at) AS at, any(concat(server_name, if(tool = '', '', '.'), tool)) AS place
              FROM ${happened} AS audit
              WHERE record_id IN (SELECT arrayJoin([first_in, used_in]) FROM pairs) AND ${chosen('tenant', 'tenant')}
              GROUP BY record_id)
            SELECT kind, f.place AS first_seen_in, f.at AS first_seen, u.place AS used_in_call, u.at AS used, value
            FROM pairs
            LEFT JOIN places AS f ON f.record_id = pairs.first_in
            LEFT JOIN places AS u ON u.record_id = pairs.used_in
            ORDER BY used, first_seen, value
            LIMIT 200`,
          empty: 'No incident is chosen, or its detectors judged by other things than values.',
          width: 12,
        }),
      ],
    },
    {
      title: 'The session',
      panels: [
        series({
          title: 'Pace of the session',
          description:
            'Records of the session by server: a burst of one server after a read of another is worth a look.',
          sql: `SELECT $__timeInterval(kept_at) AS time, toString(server_name) AS server, count() AS records
            FROM ${happened} AS audit WHERE ${theSession}
            GROUP BY time, server ORDER BY time, server`,
          by: 'server',
          leastInterval: '10s',
          empty: chooseSession,
          width: 24,
          height: 6,
        }),
        table({
          title: 'Everything in the session',
          description: 'Each thing that happened, duplicates removed, in the order of time.',
          sql: `SELECT kept_at AS time, kind, subject, server_name AS server, if(tool = '', method, tool) AS what, outcome, decision,
              arrayStringConcat(destinations, ', ') AS destinations, arrayStringConcat(arg_secret_kinds, ', ') AS secrets_sent,
              arg_bytes, result_bytes, dateDiff('millisecond', started_at, ended_at) AS duration, trace_id,
              toString(record_id) AS record
            FROM ${happened} AS audit WHERE ${theSession}
            ORDER BY kept_at, record
            LIMIT 2000`,
          empty: chooseSession,
          width: 24,
          height: 12,
          columns: {
            outcome: { width: 110, colour: 'names' },
            arg_bytes: { unit: 'bytes', width: 90 },
            result_bytes: { unit: 'bytes', width: 90 },
            duration: { unit: 'ms', width: 90 },
          },
        }),
        table({
          title: 'Findings in the session',
          description:
            'All that detectors found in this session, also those on trial and those that belong to another incident.',
          sql: `SELECT severity, at AS time, detector, maturity, summary
            FROM finding WHERE session = unhex('$session') AND ${chosen('tenant', 'tenant')}
            ORDER BY ${rank('severity')} DESC, at, detector
            LIMIT 200`,
          empty: 'Detectors found nothing in this session, or none is chosen.',
          width: 12,
          columns: { severity: { width: 90, colour: 'names' } },
        }),
        table({
          title: 'Keys of the session',
          description: 'Which conversation, MCP session and traces are taken for one session, and since when.',
          sql: `SELECT key, first_at AS since, last_at AS until, if(hearsay, 'a server said so', 'a client said so') AS because
            FROM (
              SELECT key, min(first_at) AS first_at, max(last_at) AS last_at, min(hearsay) AS hearsay FROM session_links
              WHERE other = unhex('$session') AND stronger AND ${chosen('tenant', 'tenant')}
              GROUP BY key)
            ORDER BY since, key
            LIMIT 500`,
          empty: 'No other key was linked to this session, or none is chosen.',
          width: 12,
        }),
        table({
          title: 'Could not be judged',
          description:
            'Which detectors could not judge this session, and for want of what: instrument that, and they can.',
          sql: `SELECT detector, input, because, max(at) AS time
            FROM not_evaluated WHERE session = unhex('$session') AND ${chosen('tenant', 'tenant')}
            GROUP BY detector, input, because ORDER BY detector, input`,
          empty: 'Every detector had what it needs, or no session is chosen.',
          width: 12,
          height: 7,
        }),
        table({
          title: 'Other sessions of the same people',
          description:
            'What else the subjects of this session did within a day of it, as far as the range goes, the latest first.',
          sql: `SELECT max(sessions.last) AS last, session AS other_session, any(of_whom) AS of, sum(number) AS records,
              uniqExactArray(server_names) AS servers, hex(session) AS session_key
            FROM ${withSessions(
              `SELECT tenant, session_key, max(kept_at) AS last, any(subject) AS of_whom, count() AS number, groupUniqArray(1000)(server_name) AS server_names
              FROM ${happened} AS audit WHERE ${samePeople}
              GROUP BY tenant, session_key ORDER BY last DESC LIMIT 1000`,
              `SELECT session_key FROM events WHERE ${samePeople}`,
            )} AS sessions
            WHERE session != unhex('$session')
            GROUP BY session ORDER BY last DESC, other_session
            LIMIT 100`,
          empty: 'The people of this session did nothing else within a day of it, or none is chosen.',
          width: 12,
          height: 7,
          columns: { other_session: { link: toSession }, session_key: { hidden: true } },
        }),
      ],
    },
  ],
})
