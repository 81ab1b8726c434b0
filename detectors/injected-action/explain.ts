/** The verdict in words, from groups and counts: no text of the session but names of tools and servers. */
import { type AuditEvent, type EvidenceStep, stepOf } from '#detector'
import type { Evidence, Request } from './evidence.js'

export function summaryOf(action: AuditEvent, evidence: Evidence, delegated: boolean): string {
  const { source } = evidence.candidate
  const granted = delegated ? ', a source that the person told the agent to follow' : ''
  return `${nameOf(action)} did what a sentence in the result of ${nameOf(source)} ordered${granted}: ${reasonsOf(evidence).join(', ')}`
}

/** What agrees between the order and the action, most telling first. */
function reasonsOf({ matched, verb, noun, asked }: Evidence): string[] {
  const kinds = [...new Set(matched.map(({ kind }) => kind))]
  return [
    `${matched.length === 1 ? 'a value' : `${matched.length} values`} of it (${kinds.join(', ')})`,
    ...(verb >= 0.85 ? ['its verb'] : []),
    ...(noun === 1 ? ['its object'] : []),
    ...(asked >= 0.5 ? ['though the person asked for something alike'] : []),
  ]
}

export function stepsOf(action: AuditEvent, evidence: Evidence, request: Request): EvidenceStep[] {
  const { source, order } = evidence.candidate
  const asks = order.verbs.length === 0 ? 'asks for something' : `asks to ${order.verbs.join(' or ')}`
  const hidden = order.flags.includes('hidden') ? ', in text that people do not see' : ''
  return [
    ...(request.last === undefined ? [] : [stepOf(request.last, 'request', requestNote(request, evidence))]),
    stepOf(
      source,
      'source',
      `sentence ${order.position + 1} of the result of ${nameOf(source)} ${asks}${hidden} (mood ${order.mood.toFixed(2)})`,
    ),
    stepOf(action, 'action', `${nameOf(action)} was called${toWhere(action)}: ${reasonsOf(evidence).join(', ')}`),
  ]
}

function requestNote({ delegates }: Request, { asked, vouched }: Evidence): string {
  if (delegates)
    return vouched > 0 ? 'the person told the agent to follow that source' : 'the person delegated, to another source'
  return asked > 0 ? 'the person asked for something of the kind' : 'the person asked for something else'
}

const nameOf = ({ serverName, tool, method }: AuditEvent): string =>
  serverName === '' ? tool || method : `${tool || method} (${serverName})`

const toWhere = ({ destinations }: AuditEvent): string =>
  destinations.length === 0 ? '' : ` with ${destinations.slice(0, 3).join(', ')}`
