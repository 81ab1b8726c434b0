import {
  type AuditEvent,
  type Draft,
  listed,
  type Policy,
  type Severity,
  sessionDetector,
  stepOf,
  whoOf,
} from '#detector'

/**
 * A refusal is an answer: a client that is challenged asks for what it lacks, once, or gives up. Who goes on asking tries doors: one
 * scope after another, one token after another, or the same person again and again until the prompt is clicked away (the fatigue
 * attack known from MFA). What is granted after that deserves a look.
 */
export default sessionDetector({
  about: {
    title: 'Refused again and again',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0091.000', 'AML.T0012'], mcp: ['MCP07:2025', 'MCP02:2025'], asi: ['ASI03'] },
    needs: ['authorization'],
    version: 1,
  },
  wakesOn: ['authorization', 'elevation', 'consent'],

  judge({ events, policy }) {
    const told = events.filter(({ kind, decision }) => kinds.has(kind) && decision !== '')
    if (told.length === 0)
      return { notEvaluated: 'authorization', because: 'no record of this session says what was refused or granted' }
    const trails = new Map<string, AuditEvent[]>()
    const reported = new Map<string, number>()
    return told.flatMap((event) => {
      const key = `${event.kind === 'consent' ? 'consent' : event.side} ${placeOf(event)}`
      const recent = (trails.get(key) ?? [])
        .slice(-longest)
        .filter(({ endedAt }) => endedAt <= event.startedAt && event.startedAt - endedAt <= reach)
      const refusals = isRefusal(event) ? [...recent, event] : recent
      trails.set(key, isSettled(event) ? [] : refusals)
      const faults = faultsOf(event, refusals, policy).filter(({ code }) => {
        // Both sides tell of one refusal, and a long row of them is told once.
        const name = `${code} ${placeOf(event)}`
        const last = reported.get(name)
        if (last !== undefined && event.startedAt - last <= reach) return false
        reported.set(name, event.startedAt)
        return true
      })
      return faults.length === 0 ? [] : [draftOf(event, faults, refusals)]
    })
  },
})

const kinds: ReadonlySet<string> = new Set(['authorization', 'elevation', 'consent'])

/** Microseconds. */
const second = 1_000_000
const reach = 600 * second
/** Refusals that are remembered: what many more of them would say was said. */
const longest = 100

const limits = {
  /** Refusals in 10 minutes. A log-in and a few step-ups stay far below. */
  repeated: 8,
  /** Different tokens that were refused, and different scopes that were lacked without one being granted. */
  tokens: 3,
  scopes: 4,
  /** Refusals before a grant of what was lacked. */
  beforeGrant: 3,
  /** A person's refusals before the same person agrees. */
  consents: 2,
} as const

const isRefusal = ({ decision }: AuditEvent): boolean => decision === 'denied' || decision === 'challenged'
/** A growth or a consent ends a row. A token that is taken for something else does not. */
const isSettled = ({ kind, decision }: AuditEvent): boolean => decision === 'allowed' && kind !== 'authorization'

/** One server; of consents, one client. */
function placeOf({ kind, oauthClientId, expectedAudience, serverName, serverAddress }: AuditEvent): string {
  if (kind === 'consent') return `client ${oauthClientId}`
  return URL.canParse(expectedAudience) ? new URL(expectedAudience).host : serverName || serverAddress
}

/** Parallel calls are refused together: what comes within a second of the last is the same answer. */
function roundsOf(refusals: readonly AuditEvent[]): number {
  let rounds = 0
  let last = Number.NEGATIVE_INFINITY
  for (const { endedAt } of refusals) {
    if (endedAt - last >= second) rounds++
    last = endedAt
  }
  return rounds
}

interface Fault {
  readonly code: 'repeated' | 'tokens' | 'scopes' | 'granted' | 'consent'
  readonly severity: Severity
  readonly says: string
  readonly count: number
}

const lacksScope = ({ detail, scopesChallenged }: AuditEvent): boolean =>
  detail['challenge_error'] === 'insufficient_scope' || scopesChallenged.length > 0

function faultsOf(event: AuditEvent, refusals: readonly AuditEvent[], policy: Policy): Fault[] {
  if (event.kind === 'consent') return consentFaults(event, refusals)
  return isRefusal(event) ? rowFaults(refusals) : grantFaults(event, refusals, policy)
}

function consentFaults(event: AuditEvent, refusals: readonly AuditEvent[]): Fault[] {
  if (event.decision !== 'allowed' || refusals.length < limits.consents) return []
  const says = `the person agreed after refusing ${refusals.length} times`
  return [{ code: 'consent', severity: 'medium', says, count: refusals.length }]
}

function rowFaults(refusals: readonly AuditEvent[]): Fault[] {
  const rounds = roundsOf(refusals)
  const tokens = new Set(
    refusals
      .filter((one) => !lacksScope(one))
      .map(({ tokenFingerprint }) => tokenFingerprint)
      .filter((token) => token !== ''),
  )
  const scopes = new Set(refusals.filter(lacksScope).flatMap(({ scopesChallenged }) => scopesChallenged))
  return [
    ...(tokens.size >= limits.tokens
      ? [
          {
            code: 'tokens',
            severity: 'medium',
            says: `${tokens.size} different tokens were refused`,
            count: tokens.size,
          } as const,
        ]
      : []),
    ...(scopes.size >= limits.scopes && rounds >= limits.scopes
      ? [
          {
            code: 'scopes',
            severity: 'medium',
            says: `one scope after another was lacked: ${listed(scopes)}`,
            count: scopes.size,
          } as const,
        ]
      : []),
    // By itself mostly a client that is broken.
    ...(rounds >= limits.repeated
      ? [{ code: 'repeated', severity: 'low', says: `${rounds} refusals in a row`, count: rounds } as const]
      : []),
  ]
}

/** What was lacked is held now. */
function grantFaults(event: AuditEvent, refusals: readonly AuditEvent[], policy: Policy): Fault[] {
  const gained =
    event.kind === 'elevation' ? event.scopesGranted.filter((scope) => !event.scopes.includes(scope)) : event.scopes
  const matching = refusals.filter(({ scopesChallenged }) => scopesChallenged.some((scope) => gained.includes(scope)))
  const rounds = roundsOf(matching)
  if (rounds < limits.beforeGrant) return []
  const lacked = gained.filter((scope) => matching.some(({ scopesChallenged }) => scopesChallenged.includes(scope)))
  const grave = lacked.some((scope) => policy.scopeRank(scope) === 3)
  return [
    {
      code: 'granted',
      severity: grave ? 'high' : 'medium',
      says: `${listed(lacked)} was granted after ${rounds} refusals`,
      count: rounds,
    },
  ]
}

const severities: readonly Severity[] = ['low', 'medium', 'high']

function draftOf(event: AuditEvent, faults: readonly Fault[], refusals: readonly AuditEvent[]): Draft {
  const [severity = 'low'] = severities.filter((one) => faults.some((fault) => fault.severity === one)).toReversed()
  const says = faults.map((fault) => fault.says).join('; ')
  const earlier = refusals.filter((one) => one !== event).slice(-10)
  return {
    anchor: event,
    severity,
    summary: `${whoOf(event)} at ${event.serverName || event.serverAddress || event.oauthClientId || 'a server'}: ${says} within 10 minutes`,
    calls: [event, ...earlier],
    steps: [
      ...earlier.map((one) =>
        stepOf(
          one,
          'context',
          `${one.decision} ${one.errorType}${one.scopesChallenged.length > 0 ? ` for want of ${listed(one.scopesChallenged)}` : ''}`,
        ),
      ),
      stepOf(event, 'action', `${event.decision}: ${says}`),
    ],
    score: { ...Object.fromEntries(faults.map(({ code, count }) => [code, count])), rounds: roundsOf(refusals) },
  }
}
