/** Whether what happens arrives: received, stored, late, lost, not understood, and who fell silent. */
import { toServer, uids } from './addresses.js'
import { dashboard, series, stat, table } from './house-style.js'
import { chosen, told } from './query.js'

const tenant = chosen('tenant', 'tenant')
/** The producer's time is within seven days before receipt: days before need not be read. */
const stored = `$__timeFilter(stored_at) AND kept_at >= ($__fromTime) - INTERVAL 8 DAY AND ${tenant} AND ${chosen('server', 'server_name')}`

/**
 * Records by which counters grew, of the range: columns at, stage, name, reason, more. Counters grow until a process ends. What a row adds is its difference to the row before, or all of it after a new start; and
 * also if the counter is new of a host that told of others before. Ten minutes before the range are read to have a row before.
 */
export const added = `
  SELECT at, stage, name, reason, if(value < before, value, value - before) AS more
  FROM (
    SELECT at, toString(stage) AS stage, toString(name) AS name, toString(reason) AS reason, toInt64(value) AS value,
      lagInFrame(value, 1, if(at > first_at, toInt64(0), value)) OVER (
        PARTITION BY host, stage, name, reason ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
    FROM (
      SELECT at, host, stage, name, reason, value, min(at) OVER (PARTITION BY host) AS first_at
      FROM pipeline_counters WHERE at >= ($__fromTime) - INTERVAL 10 MINUTE AND at <= ($__toTime)))
  WHERE $__timeFilter(at)`
/** What alerting leaves out (trial, below the severity, superseded) is no loss. */
export const lost = `name IN ('dropped', 'failed') AND stage != 'alert' AND more > 0`
const noCounters =
  'No process told of its counters in this range. Processes write them once a minute; is one running that reaches the store?'
const noRecords = 'No record was stored in this range: `watchkeeper doctor` says what is wrong.'

/** Minutes without a word after which a producer counts as dark. */
export const darkAfter = 30
/** Also by ingest key: whoever takes the name of a producer does not make it speak. `filter` begins with AND, or is empty. */
export const producersOf = (filter: string): string => `
  SELECT tenant, producer_id, owner AS key_owner, argMax(server_name, received_at) AS server, argMax(side, received_at) AS told_as,
    argMax(source, received_at) AS sdk, max(received_at) AS last, count() AS number,
    argMax(kind = 'connection' AND detail['phase'] = 'closed', received_at) AS said_goodbye
  FROM ${told} AS records
  WHERE $__timeFilter(kept_at) AND producer_id != '' ${filter}
  GROUP BY tenant, owner, producer_id`
const producers = producersOf(`AND ${tenant} AND ${chosen('server', 'server_name')}`)
export const dark = `NOT said_goodbye AND dateDiff('minute', last, $__toTime) >= ${darkAfter}`

export const pipelineHealth = dashboard({
  uid: uids.pipeline,
  title: 'Watchkeeper / Pipeline health',
  description:
    'Whether what happens arrives: received, stored, late, lost, not understood, silent. Counters are of all tenants.',
  filters: ['server'],
  rows: [
    {
      title: 'In short',
      panels: [
        stat({
          title: 'Stored',
          description: 'Records stored in the range, copies included once.',
          sql: `SELECT count() AS records FROM ${told} AS records WHERE ${stored}`,
          empty: noRecords,
          width: 6,
        }),
        stat({
          title: 'Lost or refused',
          description:
            'Records that a stage dropped or failed on, by our own counters: see the reasons below. Retried ones count, too.',
          sql: `SELECT sum(more) AS records FROM (${added}) WHERE ${lost}`,
          empty: noCounters,
          width: 6,
          steps: [[1, 'high']],
        }),
        stat({
          title: 'Dead letters',
          description:
            'Records that were not understood, kept with the reason. After the cause is mended: `watchkeeper dead-letters replay`.',
          sql: `SELECT count() AS letters FROM dead_letter WHERE $__timeFilter(at) AND ${tenant}`,
          empty: '0',
          width: 6,
          steps: [[1, 'medium']],
        }),
        stat({
          title: 'Dark sensors',
          description: `Producers that told something in the range, did not say goodbye, and are silent for ${darkAfter} minutes at its end. An attacker switches the sensor off first.`,
          sql: `SELECT count() AS producers FROM (${producers}) WHERE ${dark}`,
          empty: '0',
          width: 6,
          steps: [[1, 'medium']],
        }),
      ],
    },
    {
      title: 'Flow',
      panels: [
        series({
          title: 'Received and passed on, by stage',
          description: 'A stage that receives more than it passes on has a backlog, or loses: see reasons.',
          sql: `SELECT $__timeInterval(at) AS time, concat(stage, ' ', name) AS flow, sum(more) AS records
            FROM (${added}) WHERE name IN ('received', 'sent')
            GROUP BY time, flow ORDER BY time, flow`,
          by: 'flow',
          as: 'lines',
          empty: noCounters,
          width: 12,
        }),
        series({
          title: 'Lost or refused, by reason',
          description:
            'Stage and reason of what did not get through. `full`: the bus holds as much as it may; `retried`: the store failed and it was tried again.',
          sql: `SELECT $__timeInterval(at) AS time, concat(stage, ' ', reason) AS why, sum(more) AS records
            FROM (${added}) WHERE ${lost}
            GROUP BY time, why ORDER BY time, why`,
          by: 'why',
          empty: 'Nothing was lost or refused in this range.',
          width: 12,
        }),
        series({
          title: 'Lag',
          description:
            'From the end of what happened to its receipt (senders), and from there into the store (us): 95 of 100 records were faster.',
          sql: `SELECT $__timeInterval(stored_at) AS time, part.1 AS way, quantileExact(0.95)(part.2) / 1000000 AS p95
            FROM ${told} AS records
            ARRAY JOIN [('until received', greatest(0, dateDiff('microsecond', ended_at, received_at))),
              ('until stored', greatest(0, dateDiff('microsecond', received_at, stored_at)))] AS part
            WHERE ${stored}
            GROUP BY time, way ORDER BY time, way`,
          by: 'way',
          as: 'lines',
          unit: 's',
          empty: noRecords,
          width: 12,
        }),
        series({
          title: 'Stored, by side',
          description:
            'Which side told of it. A side that falls silent while the other goes on is a sensor that is off.',
          sql: `SELECT $__timeInterval(stored_at) AS time, if(side = '', 'unknown', toString(side)) AS told_by, count() AS records
            FROM ${told} AS records WHERE ${stored}
            GROUP BY time, told_by ORDER BY time, told_by`,
          by: 'told_by',
          empty: noRecords,
          width: 12,
        }),
      ],
    },
    {
      title: 'What is wrong',
      panels: [
        table({
          title: 'Silent producers',
          description: `Producers of the range that are silent for ${darkAfter} minutes or more and did not say goodbye, the longest silent last.`,
          sql: `SELECT tenant, producer_id AS producer, server, told_as, sdk, key_owner AS ingest_key, last, dateDiff('second', last, $__toTime) AS silent_for,
              number AS records, hex(server) AS server_key
            FROM (${producers}) WHERE ${dark}
            ORDER BY silent_for, tenant, producer
            LIMIT 200`,
          empty: 'Every producer of this range still tells, or said goodbye.',
          width: 12,
          columns: {
            silent_for: {
              unit: 's',
              width: 110,
              steps: [
                [1800, 'medium'],
                [21600, 'high'],
              ],
            },
            server: { link: toServer },
            server_key: { hidden: true },
          },
        }),
        table({
          title: 'Dead letters by reason',
          description:
            'Why records were not understood, with the latest explanation. `watchkeeper dead-letters list --reason REASON` shows them.',
          sql: `SELECT stage, reason, count() AS letters, max(dead_letter.at) AS last, argMax(explanation, dead_letter.at) AS latest, uniqExact(owner) AS keys
            FROM dead_letter WHERE $__timeFilter(at) AND ${tenant}
            GROUP BY stage, reason ORDER BY letters DESC, stage, reason
            LIMIT 100`,
          empty: 'Every record was understood.',
          width: 12,
        }),
        table({
          title: 'Told twice, and differently',
          description:
            'Records with the same identity and other content: an evidence gap, or somebody who writes over the trail. The first stored stands.',
          sql: `SELECT kept_at AS time, tenant, owner AS ingest_key, form, side, event_id AS event, toString(by) AS stands
            FROM shadowed WHERE reason = 'conflict' AND $__timeFilter(kept_at) AND ${tenant}
            ORDER BY kept_at DESC, event
            LIMIT 100`,
          empty: 'No record contradicts another.',
          width: 12,
        }),
        table({
          title: 'Receivers of alerts',
          description: 'Attempts at each receiver by outcome; a refusal is final, a retry comes again.',
          sql: `SELECT receiver, outcome, reason, count() AS attempts, max(deliveries.at) AS last
            FROM deliveries WHERE $__timeFilter(at) AND incident_id IN (SELECT incident_id FROM incident WHERE ${tenant})
            GROUP BY receiver, outcome, reason ORDER BY last DESC, receiver, outcome, reason
            LIMIT 100`,
          empty: 'Nothing was sent in this range: no incident, or no receiver is set (deploy/.env.example).',
          width: 12,
        }),
        table({
          title: 'Who sends',
          description: 'By SDK and form: which versions are about, and what comes as plain spans without our capture.',
          sql: `SELECT source, source_version AS version, form, role, uniqExact(producer_id) AS producers, count() AS records, max(received_at) AS last
            FROM ${told} AS records WHERE ${stored}
            GROUP BY source, version, form, role ORDER BY records DESC, source, version, form, role
            LIMIT 100`,
          empty: noRecords,
          width: 24,
          height: 7,
        }),
      ],
    },
  ],
})
