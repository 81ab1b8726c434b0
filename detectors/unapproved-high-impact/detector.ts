import { type AuditEvent, type Draft, nameOf, sessionDetector, stepOf, whoOf } from '#detector'

/**
 * What the policy puts behind a person's approval happened without one. An approval is for these very arguments (their digests
 * are equal) and for one call: a second call needs a second one, or an approval could be replayed. Where the policy wants the
 * result reviewed, the next call that starts without a review is what must not have been.
 */
export default sessionDetector({
  about: {
    title: 'A call that needs approval was made without one',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0053'], mcp: ['MCP07:2025'], asi: ['ASI02', 'ASI09'] },
    needs: ['policy', 'arguments'],
    version: 1,
  },
  /** Approvals come from the agent's process, calls perhaps from the server's: the later of the two is waited for. */
  settleMs: 30_000,
  wakesOn: ['call', 'approval'],

  judge({ events, policy }) {
    if (!policy.states('approvals'))
      return { notEvaluated: 'policy', because: 'the policy does not say what needs approval' }
    const calls = events.filter(({ kind }) => kind === 'call')
    const decided = events.filter(({ kind, trusted }) => kind === 'approval' && trusted)
    const used = new Set<AuditEvent>()
    return calls.flatMap((call) => {
      const wanted = policy.mustBeApproved(call)
      if (wanted === 'arguments') {
        const found = withoutApproval(call, decided, used)
        return found === undefined ? [] : [found]
      }
      const found = wanted === 'result' ? withoutReview(call, calls, decided) : undefined
      return found === undefined ? [] : [found]
    })
  },
})

/** What did not happen needed no approval. */
const refused = ({ outcome }: AuditEvent): boolean =>
  outcome === 'denied' || outcome === 'protocol_error' || outcome === 'cancelled'

function withoutApproval(call: AuditEvent, decided: readonly AuditEvent[], used: Set<AuditEvent>): Draft | undefined {
  const earlier = decided.filter(({ tool, endedAt }) => tool === call.tool && endedAt <= call.startedAt)
  const same = earlier.filter(
    ({ argDigest, keyId }) =>
      argDigest !== '' && argDigest === call.argDigest && (keyId === call.keyId || keyId === '' || call.keyId === ''),
  )
  const last = same.filter((one) => !used.has(one)).at(-1)
  if (last?.decision === 'allowed') {
    used.add(last)
    return undefined
  }
  const why =
    last?.decision === 'denied'
      ? 'a person refused it'
      : same.length > 0
        ? 'the approval was for one call, and was used'
        : call.argDigest === ''
          ? 'its arguments were not captured, so no approval can be told to be for them'
          : earlier.some(({ decision }) => decision === 'allowed')
            ? 'what was approved had other arguments'
            : 'nobody was asked'
  const context = last ?? same.at(-1) ?? earlier.at(-1)
  return {
    anchor: call,
    severity: refused(call) ? 'low' : 'high',
    summary: `${whoOf(call)}: ${nameOf(call)} needs approval, and ${why}${refused(call) ? `; it ended as ${call.outcome}` : ''}`,
    calls: [call],
    steps: [
      ...(context === undefined
        ? []
        : [
            stepOf(
              context,
              'context',
              `a person ${context.decision === 'allowed' ? 'approved' : 'refused'} ${nameOf(context)}`,
            ),
          ]),
      stepOf(call, 'action', `called without approval: ${why}`),
    ],
    score: {
      approvals_of_this_tool: earlier.length,
      for_these_arguments: same.length,
      refused: last?.decision === 'denied' ? 1 : 0,
    },
  }
}

function withoutReview(
  call: AuditEvent,
  calls: readonly AuditEvent[],
  decided: readonly AuditEvent[],
): Draft | undefined {
  if (call.outcome !== 'ok') return undefined
  // The agent goes on with the result: the first call to end of those that began after it.
  const next = calls.find(({ startedAt }) => startedAt >= call.endedAt)
  if (next === undefined) return undefined
  const reviews = decided.filter(
    ({ resultDigest, endedAt }) =>
      resultDigest !== '' && resultDigest === call.resultDigest && endedAt <= next.startedAt,
  )
  const last = reviews.at(-1)
  if (last?.decision === 'allowed') return undefined
  const why =
    last === undefined ? 'nobody reviewed it before the agent went on' : 'a person refused it, and the agent went on'
  return {
    anchor: next,
    severity: 'high',
    summary: `${whoOf(call)}: the result of ${nameOf(call)} needs review, and ${why} with ${nameOf(next)}`,
    calls: [next, call],
    steps: [
      stepOf(call, 'action', 'its result needs review'),
      ...(last === undefined ? [] : [stepOf(last, 'context', 'a person refused the result')]),
      stepOf(next, 'context', `the agent went on: ${why}`),
    ].sort((a, b) => a.at - b.at),
    score: { reviews: reviews.length },
  }
}
