/** Which servers and tools there are, which are new, and which of them say something else than before. */
import { toServer, toSession, uids } from './addresses.js'
import { dashboard, stat, table } from './house-style.js'
import { chosen, happened, withSessions } from './query.js'

const names = `${chosen('tenant', 'tenant')} AND ${chosen('server', 'server_name')}`
const told = `kind = 'tool_definition' AND mapContains(detail, 'definition_digest') AND ${names}`
const noDefinitions =
  'No definition was told of in this range: tools/list is told of once for each digest and producer.'
const noUse = 'No server was used in this range. Hours are computed within minutes after they were written to.'
const alive = `last_hour >= toStartOfHour($__fromTime) AND first_hour <= ($__toTime) AND server_name != '' AND ${names}`

/** One row for each tool and version that was shown with more than one definition, the newest of them in the range. Keys differ: digests cannot be compared. */
const drifted = `
  SELECT tenant, server_name AS server, tool, server_version AS version, key_id, uniqExact(detail['definition_digest']) AS definitions,
    uniqExact(detail['description_digest']) AS descriptions, min(kept_at) AS since,
    argMax(subject, kept_at) AS shown_to, argMax(session_key, kept_at) AS session_key, max(kept_at) AS last
  FROM ${happened} AS audit WHERE ${told} AND kept_at <= ($__toTime)
  GROUP BY tenant, server_name, tool, server_version, key_id
  HAVING definitions > 1 AND last >= ($__fromTime)`

export const inventory = dashboard({
  uid: uids.inventory,
  title: 'Watchkeeper / Servers and tools',
  description:
    'Which MCP servers and tools are in use, which are new, and whose definition changed without a new version.',
  filters: ['server'],
  since: 'now-7d',
  rows: [
    {
      title: 'In short',
      panels: [
        stat({
          title: 'Servers in use',
          description: 'Servers by the name they give themselves; approve them in the policy file (approved servers).',
          sql: `SELECT uniqExact(server_name) AS servers FROM inventory WHERE ${alive}`,
          empty: noUse,
          width: 6,
        }),
        stat({
          title: 'Tools in use',
          description: 'Pairs of server and tool that were used or listed.',
          sql: `SELECT uniqExactIf((server_name, tool), tool != '') AS tools FROM inventory WHERE ${alive}`,
          empty: noUse,
          width: 6,
        }),
        stat({
          title: 'New tools',
          description:
            'Tools that nobody used before this range, as far as hours are kept. Look whether somebody approved their server.',
          sql: `SELECT count() AS tools FROM (
              SELECT tenant, server_name, tool, min(first_hour) AS since FROM inventory WHERE tool != '' AND server_name != '' AND ${names}
              GROUP BY tenant, server_name, tool)
            WHERE since >= toStartOfHour($__fromTime) AND since <= ($__toTime)`,
          empty: noUse,
          width: 6,
          steps: [[1, 'low']],
        }),
        stat({
          title: 'Changed definitions',
          description:
            'Tools whose definition changed while the server’s version did not: what was approved is not what runs (a rug pull).',
          sql: `SELECT count() AS tools FROM (${drifted})`,
          empty: noDefinitions,
          width: 6,
          steps: [[1, 'high']],
        }),
      ],
    },
    {
      title: 'Definitions',
      panels: [
        table({
          title: 'Definition drift',
          description:
            'Tools that were shown with more than one definition of one version. More than one description is worse than another schema. Compare with what was approved; see tool-definition-changed.',
          sql: `SELECT server, tool, version, definitions, descriptions, since, last, shown_to, session AS last_session, hex(session) AS session_key
            FROM ${withSessions(`${drifted} ORDER BY descriptions DESC, last DESC, server, tool LIMIT 200`)} AS drifts
            ORDER BY descriptions DESC, last DESC, server, tool`,
          empty: 'No tool changed without a new version, or nobody told of definitions.',
          width: 24,
          columns: {
            definitions: { width: 100 },
            descriptions: { width: 110, steps: [[2, 'high']] },
            last_session: { link: toSession },
            session_key: { hidden: true },
          },
        }),
        table({
          title: 'Definitions as they were told',
          description: 'The latest definitions of the range: which digest of which tool was shown to whom.',
          sql: `SELECT kept_at AS time, server_name AS server, server_version AS version, tool, subject AS shown_to,
              detail['definition_digest'] AS definition, detail['description_digest'] AS tool_description
            FROM ${happened} AS audit WHERE ${told} AND $__timeFilter(kept_at)
            ORDER BY kept_at DESC, record_id
            LIMIT 200`,
          empty: noDefinitions,
          width: 24,
          height: 7,
        }),
      ],
    },
    {
      title: 'In use',
      panels: [
        table({
          title: 'Servers',
          description:
            'Servers of the range: versions, transports, who uses them. More than one address for a name is worth a look.',
          sql: `SELECT server_name AS server, arrayStringConcat(arraySort(groupUniqArray(10)(toString(server_version))), ', ') AS versions,
              arrayStringConcat(arraySort(groupUniqArrayIf(10)(toString(transport), transport != '')), ', ') AS transports,
              arrayStringConcat(arraySort(groupUniqArrayIf(10)(toString(server_address), server_address != '')), ', ') AS addresses,
              uniqExactIf(tool, tool != '') AS tools, uniqExactIf(subject, subject != '') AS people, count() AS records, max(kept_at) AS last,
              hex(server_name) AS server_key
            FROM ${happened} AS audit WHERE server_name != '' AND $__timeFilter(kept_at) AND ${names}
            GROUP BY server_name ORDER BY records DESC, server
            LIMIT 500`,
          empty: noUse,
          width: 24,
          columns: { server: { link: toServer }, server_key: { hidden: true } },
        }),
        table({
          title: 'Tools, the newest first',
          description: 'Each tool with the hour in which it was first and last used.',
          sql: `SELECT server_name AS server, tool, server_version AS version, inventory.calls AS records, inventory.subjects AS people,
              first_hour AS first_used, last_hour AS last_used, hex(server_name) AS server_key
            FROM inventory WHERE tool != '' AND ${alive}
            ORDER BY first_used DESC, server, tool, version
            LIMIT 1000`,
          empty: noUse,
          width: 24,
          height: 11,
          columns: { server: { link: toServer }, server_key: { hidden: true } },
        }),
      ],
    },
  ],
})
