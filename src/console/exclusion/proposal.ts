/**
 * An entry of the policy file that would have covered an incident's findings, as narrow as what was found, and the case that goes with
 * it. Pure: the incident and its session in, text out.
 */
import type { AuditEvent } from '../../audit-event.js'
import type { Incident } from '../../incidents.js'

export interface Exclusion {
  readonly id: string
  readonly detector: string
  readonly server?: string
  readonly tool?: string
  readonly destination?: string
  readonly owner: string
  readonly reason: string
  /** The last day, `2027-03-31`. */
  readonly expires: string
  /** From the policy file's folder. */
  readonly case: string
}

export interface Proposal {
  readonly tenant: string
  readonly entries: readonly Exclusion[]
  /** One line of a recording: the calls of the session, with names and without content. */
  readonly story: string
}

export interface ProposalRequest {
  readonly incident: Incident
  /** Of the session, in order. */
  readonly events: readonly AuditEvent[]
  /** Where each record of the incident's calls went. */
  readonly destinations: ReadonlyMap<string, readonly string[]>
  readonly owner: string
  readonly reason: string
  readonly expires: string
}

const mostEntries = 5
const mostCalls = 200
/** As the policy file takes a name; `*` in a name of an event would be a pattern, and cover what nobody meant. */
const isPlain = (name: string): boolean => name.length <= 256 && !/[*\p{C}]/u.test(name)
const isHost = (name: string): boolean => /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+$/i.test(name)

/** Without an entry where the findings name neither a server nor a tool that could be written down. */
export function proposalOf(request: ProposalRequest): Proposal {
  const { incident, owner, reason, expires } = request
  const name = `incident-${incident.id.slice(0, 8)}`
  const path = `cases/${name}.jsonl`
  const seen = new Map<string, Omit<Exclusion, 'id'>>()
  for (const { detector, server, tool, calls } of incident.findings) {
    if (!isPlain(server) || !isPlain(tool) || (server === '' && tool === '')) continue
    const places = [...new Set(calls.flatMap((call) => request.destinations.get(call) ?? []))]
    const [place] = places
    const entry = {
      detector,
      ...(server !== '' && { server }),
      ...(tool !== '' && { tool }),
      // One alone: the matcher asks that all go there.
      ...(places.length === 1 && place !== undefined && isHost(place) && { destination: place }),
      owner,
      reason,
      expires,
      case: path,
    }
    const key = JSON.stringify([detector, server, tool, places.length === 1 ? place : ''])
    if (seen.size < mostEntries && !seen.has(key)) seen.set(key, entry)
  }
  const entries = [...seen.values()].map((entry, at) => ({ id: at === 0 ? name : `${name}-${at + 1}`, ...entry }))
  return { tenant: incident.tenant, entries, story: storyOf(name, request.events) }
}

/** What was said and sent is not kept, so a person writes it; the calls and their order are. */
function storyOf(id: string, events: readonly AuditEvent[]): string {
  const calls = events
    .filter(({ kind, method }) => kind === 'call' && method === 'tools/call')
    .slice(0, mostCalls)
    .map(({ tool, serverName, outcome }, turn) => ({
      tool,
      server: serverName,
      arguments: {},
      result: '',
      is_error: outcome !== 'ok',
      turn,
    }))
  return `${JSON.stringify({ id, user_prompt: '', calls })}\n`
}
