import {
  type AuditEvent,
  type Draft,
  type EvidenceStep,
  type Policy,
  type Severity,
  sessionDetector,
  stepOf,
} from '#detector'

/**
 * A step-up in MCP goes: the server refuses a call and *challenges* with the scopes that the call needs, the client asks for
 * these plus what it holds, the authorization server grants them (MCP 2026-07-28, "Step-Up Authorization Flow"). So what a
 * subject holds afterwards is fully explained by what it held and what it was challenged with. Whatever else it got is a
 * jump: a client that asks for the whole catalogue to be done with it, a wildcard, a phished consent, a confused deputy.
 */
export default sessionDetector({
  about: {
    title: 'Scopes grew beyond what was asked for',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0091.000', 'AML.T0012'], mcp: ['MCP02:2025', 'MCP07:2025'], asi: ['ASI03'] },
    needs: ['authorization'],
    version: 1,
  },
  wakesOn: ['authorization', 'elevation'],

  judge({ events, policy }) {
    const told = events.filter(({ kind }) => kind === 'authorization' || kind === 'elevation').filter(saysScopes)
    if (told.length === 0)
      return {
        notEvaluated: 'authorization',
        because: 'no record of this session says which scopes were held or granted',
      }
    return told.flatMap((event, index) => {
      // By position as well as by time: two reports of one grant may carry the same microsecond, and must not excuse each other.
      const earlier = told
        .slice(0, index)
        .filter((other) => other.endedAt <= event.startedAt && sameResource(other, event))
      const draft = judgeGrant(event, earlier, policy)
      return draft === undefined ? [] : [draft]
    })
  },
})

/** A catalogue of fewer scopes than this is not worth the name: asking for both of two is ordinary. */
const smallestCatalogue = 4

const saysScopes = (event: AuditEvent): boolean =>
  [event.scopes, event.scopesGranted, event.scopesRequested, event.scopesChallenged].some((scopes) => scopes.length > 0)

/** Two records tell of one protected resource unless something both of them name differs. */
function sameResource(a: AuditEvent, b: AuditEvent): boolean {
  const names = (event: AuditEvent): string[] => [
    event.expectedAudience || event.audience,
    event.serverAddress,
    event.serverName,
    event.issuer,
  ]
  const others = names(b)
  return names(a).every((name, index) => name === '' || others[index] === '' || name === others[index])
}

/** What a subject holds once this record is true. */
function holdsAfter(event: AuditEvent): readonly string[] {
  const refused = event.decision === 'denied' || event.decision === 'challenged'
  return refused ? event.scopes : [...event.scopes, ...event.scopesGranted]
}

interface Growth {
  readonly before: ReadonlySet<string>
  readonly gained: readonly string[]
  /** Gained, and neither challenged nor (where nobody was challenged) asked for at a first log-in. */
  readonly unexplained: readonly string[]
  readonly challenges: readonly AuditEvent[]
  /** Concluded from two tokens with different scopes; neither a grant nor a challenge was reported. */
  readonly inferred: boolean
}

/** `undefined` where nothing grew, or where nothing is known to compare with. */
function growthOf(event: AuditEvent, earlier: readonly AuditEvent[]): Growth | undefined {
  const refused = event.decision === 'denied' || event.decision === 'challenged'
  if (refused) return undefined
  const seen = earlier.flatMap(holdsAfter)
  // An elevation states what was held before it. In an authorization `scopes` is what the token holds now, so that growth
  // shows against earlier records, also where nobody reported the grant.
  const before = new Set(event.kind === 'elevation' ? [...seen, ...event.scopes] : seen)
  const after = event.kind === 'elevation' ? event.scopesGranted : [...event.scopes, ...event.scopesGranted]
  const gained = [...new Set(after)].filter((scope) => !before.has(scope))
  if (gained.length === 0) return undefined

  const challenges = [...earlier, event].filter(({ scopesChallenged }) => scopesChallenged.length > 0)
  const asked = new Set(challenges.flatMap(({ scopesChallenged }) => scopesChallenged))
  const firstGrant = before.size === 0
  if (firstGrant && asked.size === 0) {
    // A first log-in without a challenge: what it asked for is all there is to measure it by.
    if (event.scopesRequested.length === 0) return undefined
    for (const scope of event.scopesRequested) asked.add(scope)
  }
  return {
    before,
    gained,
    challenges,
    unexplained: gained.filter((scope) => !asked.has(scope)),
    inferred: event.kind === 'authorization' && event.scopesGranted.length === 0 && challenges.length === 0,
  }
}

function judgeGrant(event: AuditEvent, earlier: readonly AuditEvent[], policy: Policy): Draft | undefined {
  const growth = growthOf(event, earlier)
  if (growth === undefined) return undefined
  const rankOf = (scopes: Iterable<string>): number =>
    Math.max(0, ...[...scopes].map((scope) => policy.scopeRank(scope)))
  const { before, gained, unexplained, challenges } = growth
  const heldRank = rankOf(before)
  const gainedRank = rankOf(gained)
  const unexplainedRank = rankOf(unexplained)
  const readToAdmin = before.size > 0 && heldRank <= 1 && gainedRank === 3
  const wildcard = gained.some((scope) => /(^|[:./\s])(\*|all|full[-_]?access)$/i.test(scope))
  const catalogue = isCatalogue([...before, ...gained], event, earlier)

  const reasons = [
    ...(unexplained.length > 0
      ? [`${list(unexplained)} ${unexplained.length === 1 ? 'was' : 'were'} never asked for`]
      : []),
    ...(wildcard ? ['a wildcard was granted'] : []),
    ...(catalogue ? ['everything that the server offers is held now'] : []),
    ...(readToAdmin ? ['from reading to administration in one step'] : []),
  ]
  // The whole catalogue is no jump by itself where a server challenged for exactly that.
  if (unexplained.length === 0 && !wildcard && !readToAdmin) return undefined

  const challenge = challenges.at(-1)
  return {
    anchor: event,
    severity: severityOf(growth, unexplainedRank, wildcard || readToAdmin || catalogue),
    summary: `${event.subject || 'an unnamed subject'} at ${event.serverName || event.serverAddress || 'a server'}: ${reasons.join('; ')}`,
    calls: [event, ...(challenge === undefined || challenge === event ? [] : [challenge])],
    steps: stepsOf(event, growth, challenge),
    score: {
      held: before.size,
      gained: gained.length,
      unexplained: unexplained.length,
      rank_before: heldRank,
      rank_gained: gainedRank,
      rank_unexplained: unexplainedRank,
    },
  }
}

/**
 * By what the unexplained scopes allow; a scope of unknown rank counts as writing, since nothing says that it is less. One
 * lower where nobody reported a grant or a challenge: the subject may simply use two tokens.
 */
function severityOf({ unexplained, inferred }: Growth, rank: number, broad: boolean): Severity {
  if (unexplained.length === 0) return 'medium'
  if (rank === 3 || broad) return inferred ? 'medium' : 'high'
  return rank === 1 || inferred ? 'low' : 'medium'
}

/** Records may carry the server's own list (`scopes_supported` of its metadata) among their details. */
function isCatalogue(held: readonly string[], event: AuditEvent, earlier: readonly AuditEvent[]): boolean {
  const offered = [event, ...earlier]
    .map(({ detail }) => (detail['scopes_supported'] ?? '').split(/\s+/).filter((scope) => scope !== ''))
    .find((scopes) => scopes.length >= smallestCatalogue)
  return offered?.every((scope) => held.includes(scope)) ?? false
}

const list = (scopes: readonly string[]): string =>
  scopes.length <= 5 ? scopes.join(' ') : `${scopes.slice(0, 5).join(' ')} and ${scopes.length - 5} more`

function stepsOf(event: AuditEvent, { before, gained }: Growth, challenge: AuditEvent | undefined): EvidenceStep[] {
  const granted = stepOf(event, 'action', `held ${list([...before]) || 'nothing'}; gained ${list(gained)}`)
  return challenge === undefined || challenge === event
    ? [granted]
    : [stepOf(challenge, 'context', `challenged for ${list(challenge.scopesChallenged)}`), granted]
}
