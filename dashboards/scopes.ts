/** Which rights people have on which servers, how they came by them, and who is refused. */
import { toBoth, toSession, uids } from './addresses.js'
import { dashboard, series, stat, table } from './house-style.js'
import { chosen, happened, latest } from './query.js'

const names = `${chosen('tenant', 'tenant')} AND ${chosen('server', 'server_name')} AND ${chosen('subject', 'subject')}`
const inRange = `$__timeFilter(kept_at) AND ${names}`
const elevations = `kind = 'elevation' AND ${inRange}`
const challenges = `notEmpty(scopes_challenged) AND ${inRange}`
const none =
  'No record of this range tells of scopes. Servers tell of them with authorization() of the SDK, or when they run behind `watchkeeper tap`.'

export const scopes = dashboard({
  uid: uids.scopes,
  title: 'Watchkeeper / Scopes and elevations',
  description: 'Which rights people have on which servers, how they came by them, and who is refused.',
  filters: ['server', 'subject'],
  since: 'now-7d',
  rows: [
    {
      title: 'In short',
      panels: [
        stat({
          title: 'Elevations',
          description:
            'How often the scopes of somebody on a server grew. Each should have a reason that a person knows.',
          sql: `SELECT count() AS elevations FROM ${happened} AS audit WHERE ${elevations}`,
          empty: none,
          width: 6,
          steps: [[1, 'low']],
        }),
        stat({
          title: 'Challenges',
          description:
            'How often a server asked for more scopes than the token had. Many in a row are somebody who tries.',
          sql: `SELECT count() AS challenges FROM ${happened} AS audit WHERE ${challenges}`,
          empty: none,
          width: 6,
          steps: [[20, 'medium']],
        }),
        stat({
          title: 'First seen scopes',
          description:
            'Pairs of a person and a scope on a server that were never seen before this range (as far as records are kept).',
          sql: `SELECT count() AS fresh FROM scopes WHERE held + granted > 0 AND $__timeFilter(first_at) AND ${names}`,
          empty: none,
          width: 6,
          steps: [[1, 'low']],
        }),
        stat({
          title: 'Wrong audience',
          description:
            'Tokens that were made for another server than the one they were shown to. Any is a fault or an attack.',
          sql: `SELECT countIf(audience != '' AND expected_audience != '' AND audience != expected_audience) AS wrong FROM ${happened} AS audit WHERE ${inRange}`,
          empty: none,
          width: 6,
          steps: [[1, 'high']],
        }),
      ],
    },
    {
      title: 'Over time',
      panels: [
        series({
          title: 'Decisions',
          description: 'How authorization was decided, by the word of whoever decided it.',
          sql: `SELECT $__timeInterval(kept_at) AS time, if(decision = '', 'not told', toString(decision)) AS decided, count() AS records
            FROM ${happened} AS audit WHERE kind IN ('authorization', 'consent', 'approval') AND ${inRange}
            GROUP BY time, decided ORDER BY time, decided`,
          by: 'decided',
          empty: none,
          width: 12,
        }),
        series({
          title: 'Challenges and elevations',
          description: 'An elevation without a challenge before it came from elsewhere: look at its session.',
          sql: `SELECT $__timeInterval(kept_at) AS time, if(kind = 'elevation', 'elevations', 'challenges') AS what, count() AS records
            FROM ${happened} AS audit WHERE (kind = 'elevation' OR notEmpty(scopes_challenged)) AND ${inRange}
            GROUP BY time, what ORDER BY time, what`,
          by: 'what',
          empty: none,
          width: 12,
        }),
      ],
    },
    {
      title: 'Who has what',
      panels: [
        table({
          title: 'Elevations, the latest',
          description: 'What was gained: the scopes after that were not there before, and what was asked for.',
          sql: `SELECT kept_at AS time, subject, server_name AS server,
              arrayStringConcat(arraySort(arrayFilter(scope -> NOT has(scopes, scope), scopes_granted)), ', ') AS gained,
              arrayStringConcat(arraySort(scopes_requested), ', ') AS asked_for,
              if(caused_by = '', 'nothing told', caused_by) AS because_of, session, hex(session) AS session_key
            FROM ${latest(elevations, 100)} AS audit
            ORDER BY kept_at DESC, record_id`,
          empty: 'Nobody gained a scope in this range, or no server tells of it.',
          width: 24,
          columns: { session: { link: toSession }, session_key: { hidden: true } },
        }),
        table({
          title: 'Ledger of scopes',
          description:
            'Each scope of each person on each server: how often it was held, asked for, demanded by the server, granted; of all time, alive in the range. Held and not used: see unused-scope.',
          sql: `SELECT subject, server_name AS server, oauth_client_id AS client, scope, scopes.held AS held, scopes.requested AS requested,
              scopes.challenged AS challenged, scopes.granted AS granted, first_at AS since, last_at AS last,
              hex(subject) AS subject_key, hex(server_name) AS server_key
            FROM scopes WHERE last_at >= ($__fromTime) AND first_at <= ($__toTime) AND ${names}
            ORDER BY since DESC, subject, server, scope
            LIMIT 1000`,
          empty: none,
          width: 14,
          height: 11,
          columns: { subject: { link: toBoth }, subject_key: { hidden: true }, server_key: { hidden: true } },
        }),
        table({
          title: 'Who is refused',
          description: 'People by refusals and challenges, and what they were after.',
          sql: `SELECT subject, server_name AS server, countIf(notEmpty(scopes_challenged)) AS challenges, countIf(outcome = 'denied') AS denied,
              arrayStringConcat(arraySort(arrayDistinct(arrayFlatten(groupArray(scopes_challenged)))), ', ') AS after, max(kept_at) AS last,
              hex(subject) AS subject_key, hex(server_name) AS server_key
            FROM ${happened} AS audit WHERE (notEmpty(scopes_challenged) OR outcome = 'denied') AND ${inRange}
            GROUP BY subject, server_name
            ORDER BY challenges + denied DESC, subject, server
            LIMIT 100`,
          empty: 'Nobody was refused in this range.',
          width: 10,
          height: 11,
          columns: { subject: { link: toBoth }, subject_key: { hidden: true }, server_key: { hidden: true } },
        }),
      ],
    },
  ],
})
