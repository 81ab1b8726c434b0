import { type AuditEvent, type Draft, type Policy, sessionDetector } from '#detector'
import { argumentsOf, type Evidence, type Request, weigh } from './evidence.js'
import { actionsOf, type Judged } from './session.js'
import { partsOf, scoreOf } from './weights.js'

export default sessionDetector({
  about: {
    title: 'An action that text in a tool result ordered',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0051.001', 'AML.T0053'], mcp: ['MCP06:2025'], asi: ['ASI01', 'ASI02'] },
    needs: ['arguments', 'results'],
    version: 1,
  },
  wakesOn: ['call'],

  judge(session) {
    return actionsOf(session).flatMap((judged) => {
      const draft = judgeAction(judged, session.policy)
      return draft === undefined ? [] : [draft]
    })
  },
})

function judgeAction({ action, request, candidates, elsewhere }: Judged, policy: Policy): Draft | undefined {
  const args = argumentsOf(action)
  const reads = onlyReads(action, policy)
  let best: { evidence: Evidence; score: number } | undefined
  for (const candidate of candidates) {
    const evidence = weigh(action, args, candidate, request, elsewhere, reads)
    if (evidence === undefined) continue
    const score = scoreOf(evidence, reads)
    if (best === undefined || score > best.score) best = { evidence, score }
  }
  if (best === undefined || best.score < 0) return undefined
  return draftOf(action, best.evidence, best.score, request, reads)
}

function draftOf(action: AuditEvent, evidence: Evidence, score: number, request: Request, reads: boolean): Draft {
  const { source } = evidence.candidate
  return {
    anchor: action,
    severity: reads || request.delegates ? 'medium' : 'high',
    summary: `${action.tool} did what the result of ${source.tool} ordered`,
    calls: [action],
    steps: [],
    score: { score, ...partsOf(evidence, reads) },
  }
}

/**
 * The policy says so; or nobody knows what the tool does, and it answered with far more than it was given. A write answers with a
 * receipt.
 */
export function onlyReads(action: AuditEvent, policy: Policy): boolean {
  const toolClass = policy.toolClass(action)
  if (toolClass !== 'unknown') return toolClass === 'read'
  return action.verbs.length === 0 && action.resultBytes > 60 && action.resultBytes > 3 * action.argBytes
}
