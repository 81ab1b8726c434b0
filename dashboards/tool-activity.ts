/** Who used which tool, how often, how fast, with what outcome. */
import { toBoth, toSession, uids } from './addresses.js'
import { bars, dashboard, series, stat, table } from './house-style.js'
import { chosen, happened, hoursInRange, latest } from './query.js'

const names = `${chosen('tenant', 'tenant')} AND ${chosen('server', 'server_name')} AND ${chosen('subject', 'subject')}`
const calls = `kind = 'call' AND $__timeFilter(kept_at) AND ${names}`
const hours = `kind = 'call' AND ${hoursInRange} AND ${names}`
const noCalls = 'No calls in this range. If there should be some: Pipeline health, or `watchkeeper doctor`.'

export const toolActivity = dashboard({
  uid: uids.tools,
  title: 'Watchkeeper / Tool activity',
  description: 'Who used which tool of which server, with what outcome and how fast.',
  filters: ['server', 'subject'],
  rows: [
    {
      title: 'In short',
      panels: [
        stat({
          title: 'Calls',
          description: 'MCP requests that ended in the range, each once, whoever told of it.',
          sql: `SELECT count() AS calls FROM ${happened} AS audit WHERE ${calls}`,
          empty: noCalls,
          width: 6,
        }),
        stat({
          title: 'Failed',
          description:
            'Share of calls that ended in an error of the tool or the protocol. A jump is a broken server, or somebody who tries things.',
          sql: `SELECT if(count() = 0, 0, countIf(outcome IN ('tool_error', 'protocol_error')) / count()) AS failed FROM ${happened} AS audit WHERE ${calls}`,
          empty: noCalls,
          unit: 'percentunit',
          width: 6,
          steps: [
            [0.05, 'low'],
            [0.2, 'medium'],
          ],
        }),
        stat({
          title: 'Denied',
          description:
            'Calls that were refused for want of a right or of an approval. See Scopes and elevations for who asked for what.',
          sql: `SELECT countIf(outcome = 'denied') AS denied FROM ${happened} AS audit WHERE ${calls}`,
          empty: noCalls,
          width: 6,
          steps: [[1, 'medium']],
        }),
        stat({
          title: 'People',
          description: 'Different subjects that called something: who the tokens say they are.',
          sql: `SELECT uniqExactIf(subject, subject != '') AS people FROM ${happened} AS audit WHERE ${calls}`,
          empty: noCalls,
          width: 6,
        }),
      ],
    },
    {
      title: 'Over time',
      panels: [
        series({
          title: 'Calls by outcome',
          description: 'How calls ended. Denials and errors of one person in a row are a probe.',
          sql: `SELECT $__timeInterval(kept_at) AS time, if(outcome = '', 'unknown', toString(outcome)) AS outcome_name, count() AS calls
            FROM ${happened} AS audit WHERE ${calls}
            GROUP BY time, outcome_name ORDER BY time, outcome_name`,
          by: 'outcome_name',
          empty: noCalls,
          width: 12,
        }),
        series({
          title: 'Slowest tenth of calls, by server',
          description: 'Duration below which 95 of 100 calls ended, by hour.',
          sql: `SELECT $__timeInterval(hour) AS time, toString(server_name) AS server,
              quantilesTDigestMerge(0.5, 0.95, 0.99)(duration_us)[2] / 1000 AS p95
            FROM activity WHERE ${hours}
            GROUP BY time, server ORDER BY time, server`,
          by: 'server',
          as: 'lines',
          leastInterval: '1h',
          unit: 'ms',
          empty: `${noCalls} Hours are computed within minutes after they were written to.`,
          width: 12,
        }),
      ],
    },
    {
      title: 'Tools and people',
      panels: [
        table({
          title: 'Tools',
          description: 'Each tool as it was used, the most used first. The inventory says which are new.',
          sql: `SELECT server_name AS server, tool, count() AS calls, uniqExact(subject) AS people,
              countIf(outcome IN ('tool_error', 'protocol_error')) / count() AS failed, countIf(outcome = 'denied') AS denied,
              quantile(0.5)(dateDiff('microsecond', started_at, ended_at)) / 1000 AS p50,
              quantile(0.95)(dateDiff('microsecond', started_at, ended_at)) / 1000 AS p95,
              sum(audit.arg_bytes) AS sent, sum(audit.result_bytes) AS returned, max(kept_at) AS last
            FROM ${happened} AS audit WHERE tool != '' AND ${calls}
            GROUP BY server, tool ORDER BY calls DESC, server, tool
            LIMIT 500`,
          empty: noCalls,
          width: 24,
          columns: {
            failed: {
              unit: 'percentunit',
              width: 90,
              steps: [
                [0.05, 'low'],
                [0.2, 'medium'],
              ],
            },
            denied: { width: 90, steps: [[1, 'medium']] },
            p50: { unit: 'ms', width: 90 },
            p95: { unit: 'ms', width: 90 },
            sent: { unit: 'bytes', width: 100 },
            returned: { unit: 'bytes', width: 100 },
          },
        }),
        table({
          title: 'Who used what',
          description: 'People and the servers they used; sessions are exact up to 65,536. Click one to see only that.',
          sql: `SELECT subject, server_name AS server, count() AS calls, uniqExact(tool) AS tools, countIf(outcome = 'denied') AS denied,
              uniq(session) AS sessions, max(kept_at) AS last, hex(subject) AS subject_key, hex(server) AS server_key
            FROM audit WHERE subject != '' AND ${calls}
            GROUP BY subject, server ORDER BY calls DESC, subject, server
            LIMIT 500`,
          empty:
            'No call names its subject. Instrument servers with authorization, or state the subject (src/sdk/README.md).',
          width: 14,
          columns: {
            subject: { link: toBoth },
            denied: { width: 90, steps: [[1, 'medium']] },
            subject_key: { hidden: true },
            server_key: { hidden: true },
          },
        }),
        bars({
          title: 'Calls by client',
          description: 'By the name that the client program gives itself: no identity.',
          sql: `SELECT if(client_name = '', 'unnamed', toString(client_name)) AS client, count() AS calls FROM ${happened} AS audit WHERE ${calls}
            GROUP BY client ORDER BY calls DESC, client LIMIT 20`,
          empty: noCalls,
          width: 10,
          height: 9,
        }),
        table({
          title: 'Refused or failed, the latest',
          description: 'The last calls that did not end well, with the session they belong to.',
          sql: `SELECT kept_at AS time, subject, server_name AS server, tool, outcome, error_type AS error, session,
              hex(session) AS session_key
            FROM ${latest(`outcome IN ('denied', 'tool_error', 'protocol_error') AND ${calls}`, 100)} AS audit
            ORDER BY kept_at DESC, record_id`,
          empty: 'Every call in this range ended well.',
          width: 24,
          columns: {
            outcome: { width: 120, colour: 'names' },
            session: { link: toSession },
            session_key: { hidden: true },
          },
        }),
      ],
    },
  ],
})
