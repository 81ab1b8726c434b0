import {
  type AuditEvent,
  type Draft,
  listed,
  nameOf,
  type Policy,
  type Severity,
  sessionDetector,
  stepOf,
  whoOf,
} from '#detector'
import { type Asking, askingOf } from './asking.js'
import { type Growth, growthsOf } from './growth.js'

/**
 * Rights grow when an agent needs more for its task. They also grow when a text that the agent read talks it into a task that needs
 * more: a document asks for a deletion, the server challenges, the client asks for the scope. So growth soon after text of outsiders
 * is noted, and weighs more the more that text reads as an order: to its reader, for access, or for the very call that was refused.
 */
export default sessionDetector({
  about: {
    title: 'Rights grew soon after untrusted content',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0051.001', 'AML.T0091.000'], mcp: ['MCP02:2025', 'MCP06:2025'], asi: ['ASI01', 'ASI03'] },
    needs: ['authorization', 'results'],
    version: 1,
  },
  wakesOn: ['authorization', 'elevation'],

  judge({ events, policy }) {
    const authorizations = events.filter(({ kind }) => kind === 'authorization' || kind === 'elevation')
    if (authorizations.length === 0)
      return { notEvaluated: 'authorization', because: 'no record of this session says which scopes were held' }
    const growths = growthsOf(authorizations)
    if (growths.length === 0) return []
    const read = events.filter((event) => bringsText(event, policy))
    if (read.length > 0 && read.every(({ resultCapture }) => unseen(resultCapture)))
      return { notEvaluated: 'results', because: 'no result of this session was captured' }
    return growths.flatMap((growth) => {
      const found = strongestBefore(growth, read, events)
      return found === undefined ? [] : [draftOf(growth, found, events, policy)]
    })
  },
})

/** What an agent read longer ago is hardly what it acts on now. Microseconds. */
const minutes = 60_000_000
const reach = 10 * minutes

const methods: ReadonlySet<string> = new Set([
  'tools/call',
  'resources/read',
  'prompts/get',
  'tasks/get',
  'tasks/result',
])
const unseen = (state: AuditEvent['resultCapture']): boolean => state === '' || state === 'omitted'

const bringsText = (event: AuditEvent, policy: Policy): boolean =>
  event.kind === 'call' &&
  methods.has(event.method) &&
  event.outcome !== 'denied' &&
  event.resultBytes > 0 &&
  !policy.isClosedWorld(event.serverName)

interface Found {
  readonly source: AuditEvent
  readonly asking: Asking
  /** The refused call that the growth was for. */
  readonly refused: AuditEvent | undefined
}

/** Of what had been read before the challenge (or the growth, where none is known), the text that asks most; then the latest. */
function strongestBefore(
  { event, challenge }: Growth,
  read: readonly AuditEvent[],
  events: readonly AuditEvent[],
): Found | undefined {
  const refused = challenge && refusedCall(challenge, event, events)
  const before = Math.min(
    event.startedAt,
    challenge?.startedAt ?? event.startedAt,
    refused?.startedAt ?? event.startedAt,
  )
  let best: Found | undefined
  for (const source of read) {
    if (source.endedAt > before || source.endedAt < before - reach || unseen(source.resultCapture)) continue
    const asking = askingOf(source, refused)
    if (best === undefined || asking.weight >= best.asking.weight) best = { source, asking, refused }
  }
  return best
}

/** The call that was under way when the challenge came. One that ended after the growth may not be looked at: it is not there yet. */
const refusedCall = (
  challenge: AuditEvent,
  growth: AuditEvent,
  events: readonly AuditEvent[],
): AuditEvent | undefined =>
  challenge.tool === ''
    ? undefined
    : events.findLast(
        ({ kind, tool, startedAt, endedAt }) =>
          kind === 'call' &&
          tool === challenge.tool &&
          startedAt <= challenge.endedAt &&
          endedAt <= growth.startedAt &&
          Math.abs(endedAt - challenge.endedAt) <= minutes / 6,
      )

const severities: readonly Severity[] = ['info', 'low', 'medium', 'high']
const lower = (severity: Severity): Severity => severities[Math.max(0, severities.indexOf(severity) - 1)] ?? 'info'

function severityOf({ gained }: Growth, { weight }: Asking, policy: Policy): Severity {
  if (weight < 0.5) return 'info'
  const ranks = gained.map((scope) => policy.scopeRank(scope))
  // A scope whose words say nothing may allow anything.
  const onlyReads = ranks.every((rank) => rank === 1)
  if (onlyReads) return 'low'
  return weight >= 1 ? 'high' : 'medium'
}

function draftOf(
  growth: Growth,
  { source, asking, refused }: Found,
  events: readonly AuditEvent[],
  policy: Policy,
): Draft {
  const { event, challenge, gained } = growth
  // Who asks for something after the text was read, or agrees to it, may have wanted just this.
  const person = events.findLast(
    ({ kind, trusted, decision, startedAt, endedAt }) =>
      trusted &&
      (kind === 'user_message' || ((kind === 'consent' || kind === 'approval') && decision === 'allowed')) &&
      startedAt >= source.endedAt &&
      endedAt <= event.startedAt,
  )
  const severity = severityOf(growth, asking, policy)
  const span = Math.round((event.startedAt - source.endedAt) / 1_000_000)
  const context = [challenge, refused, person].filter(
    (one) => one !== undefined && one !== event && one !== source,
  ) as AuditEvent[]
  return {
    anchor: event,
    severity: person === undefined ? severity : lower(severity),
    summary:
      `${whoOf(event)} gained ${listed(gained)} at ${event.serverName || event.serverAddress || 'a server'} ${span} s after ` +
      `the result of ${nameOf(source)}${asking.says === '' ? '' : `, which holds ${asking.says}`}`,
    calls: [event, source],
    steps: [
      stepOf(source, 'source', asking.says === '' ? 'its result came from outside' : `its result holds ${asking.says}`),
      ...context.map((one) => stepOf(one, 'context', noteOf(one))),
      stepOf(event, 'action', `gained ${listed(gained)}`),
    ].toSorted((a, b) => a.at - b.at),
    score: {
      seconds_between: span,
      asking: asking.weight,
      instruction: source.resultSignals['instruction'] ?? 0,
      asks_for_access: asking.forAccess ? 1 : 0,
      asks_for_the_call: asking.forCall ? 1 : 0,
      gained: gained.length,
      rank_gained: Math.max(...gained.map((scope) => policy.scopeRank(scope))),
      person_between: person === undefined ? 0 : 1,
    },
  }
}

function noteOf(event: AuditEvent): string {
  if (event.kind === 'call') return `${nameOf(event)} was refused`
  if (event.kind === 'user_message') return 'the person spoke'
  if (event.kind === 'authorization') return `challenged for ${listed(event.scopesChallenged) || 'a token'}`
  return `the person ${event.decision} it`
}
