/** The inventory as a person reads it. All names were told by servers and clients: harmless for a terminal when they leave here. */
import { forTerminal } from '../../incidents.js'
import type { ScopeSeen, ServerSeen, SubjectSeen, ToolSeen } from '../../inventory.js'
import { table } from '../text/table.js'

const shown = (text: string, otherwise = '-'): string => (text === '' ? otherwise : forTerminal(text, 60))

/** Minutes are enough for a person; `--json` has microseconds. */
const time = (micros: number): string =>
  micros === 0 ? 'never' : new Date(micros / 1000).toISOString().slice(0, 16).replace('T', ' ')

const number = (value: number): string => value.toLocaleString('en-US')

export const serversText = (rows: readonly ServerSeen[]): string[] =>
  table([
    ['tenant', 'server', 'standing', 'met at', 'tools', 'subjects', 'calls', 'first seen', 'last seen', 'owner'],
    ...rows.map((row) => [
      shown(row.tenant),
      shown(row.server, '(no name)'),
      row.last_at === 0 ? `${row.standing}, unseen` : row.standing,
      placeText(row),
      number(row.tools),
      number(row.subjects),
      number(row.calls),
      time(row.first_at),
      time(row.last_at),
      shown(row.owner),
    ]),
  ])

/** The place that wants looking at most, and how many more there are. */
function placeText({ places }: ServerSeen): string {
  const [first, ...others] = [...places].sort((a, b) => rank[a.standing] - rank[b.standing])
  if (first === undefined) return '-'
  const { address, command_line: line, command_digest: digest } = first
  return `${shown(address || line || digest)}${others.length === 0 ? '' : ` and ${others.length} more`}`
}
const rank = { moved: 0, unknown: 1, approved: 2 } as const

export const toolsText = (rows: readonly ToolSeen[]): string[] =>
  table([
    ['tenant', 'server', 'tool', 'class', 'by', 'approval', 'calls', 'refused', 'first seen', 'last seen', 'remarks'],
    ...rows.map((row) => [
      shown(row.tenant),
      shown(row.server, '(no name)'),
      shown(row.tool),
      row.class,
      row.class_from,
      row.must_be_approved || '-',
      number(row.calls),
      number(row.refused),
      time(row.first_at),
      time(row.last_at),
      [
        ...(row.private ? ['private'] : []),
        ...(row.crown_jewel === '' ? [] : [`touches ${shown(row.crown_jewel)}`]),
        ...(row.claimed !== 'unknown' && row.claimed !== row.class ? [`claims ${row.claimed}`] : []),
      ].join(', '),
    ]),
  ])

const ranks = ['unknown', 'read', 'write', 'admin'] as const

export const scopesText = (rows: readonly ScopeSeen[]): string[] =>
  table([
    ['tenant', 'subject', 'server', 'scope', 'rank', 'by', 'use', 'client', 'first seen', 'last seen'],
    ...rows.map((row) => [
      shown(row.tenant),
      shown(row.subject, '(nobody named)'),
      shown(row.server, '(no name)'),
      shown(row.scope),
      ranks[row.rank] ?? 'unknown',
      row.rank_from,
      row.use,
      shown(row.client),
      time(row.first_at),
      time(row.last_at),
    ]),
  ])

export const subjectsText = (rows: readonly SubjectSeen[]): string[] =>
  table([
    [
      'tenant',
      'subject',
      'servers',
      'unapproved',
      'tools',
      'high-impact',
      'mightiest scope',
      'calls',
      'refused',
      'first seen',
      'last seen',
    ],
    ...rows.map((row) => [
      shown(row.tenant),
      shown(row.subject, '(nobody named)'),
      number(row.servers),
      number(row.unapproved_servers),
      number(row.tools),
      number(row.high_impact_tools),
      row.scope === '' ? '-' : `${shown(row.scope)} (${ranks[row.scope_rank] ?? 'unknown'})`,
      number(row.calls),
      number(row.refused),
      time(row.first_at),
      time(row.last_at),
    ]),
  ])
