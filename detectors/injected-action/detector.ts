import { type AuditEvent, type Draft, type NotEvaluated, sessionDetector } from '#detector'
import { argumentsOf, type Context, type Evidence, namedByUser, type Request, weigh } from './evidence.js'
import { stepsOf, summaryOf } from './explain.js'
import { actionsOf, type Judged } from './session.js'
import { partsOf, scoreOf } from './weights.js'

/**
 * An agent did what a sentence in a tool result ordered: the sentence asks for something, the call carries out its verb on its
 * object, and the call's values first appeared there. Only results that had ended before the call started can have ordered it.
 */
export default sessionDetector({
  about: {
    title: 'An action that text in a tool result ordered',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0051.001', 'AML.T0053'], mcp: ['MCP06:2025'], asi: ['ASI01', 'ASI02'] },
    needs: ['arguments', 'results'],
    version: 2,
  },
  wakesOn: ['call'],

  judge(session) {
    const judged = actionsOf(session)
    const drafts = judged.flatMap((action) => {
      const draft = judgeAction(action)
      return draft === undefined ? [] : [draft]
    })
    return drafts.length > 0 ? drafts : (blindSpot(judged) ?? [])
  },
})

function judgeAction({ action, candidates, context }: Judged): Draft | undefined {
  const args = argumentsOf(action)
  let best: { evidence: Evidence; score: number } | undefined
  for (const candidate of candidates) {
    const evidence = weigh(action, args, candidate, context)
    if (evidence === undefined) continue
    const score = scoreOf(evidence, context.reads)
    if (best === undefined || score > best.score) best = { evidence, score }
  }
  return best === undefined || best.score < 0 ? undefined : draftOf(action, best.evidence, best.score, context)
}

/** They asked for something to be done, not only to be read or told. */
const acts = ({ verbs }: Request): boolean => [...verbs].some((verb) => !harmless.has(verb))
const harmless: ReadonlySet<string> = new Set(['read', 'message', 'collect', 'share', 'transfer'])

/** From here on a sentence speaks to a machine or of its task: one word ("before", "important") is not enough. */
const spoken = 0.5

/**
 * A person is woken only where nothing makes it plausible that somebody wanted this. Reading does no harm by itself; who says
 * "do what the file says" is not paged about what the file said. A sentence that reads like one person's to another may be wanted where they
 * pointed at its source and asked for something to be done, and where nobody knows what they asked for.
 */
function severityOf(evidence: Evidence, { request, reads }: Context): Draft['severity'] {
  const named = namedByUser(evidence.candidate.source, request)
  if (reads || (named && request.delegates)) return 'medium'
  if (evidence.addressed >= spoken) return 'high'
  if (evidence.unheard === 1) return evidence.guarded === 1 ? 'high' : 'medium'
  return named && (evidence.expected > 0.5 || evidence.wanted >= 0.5 || acts(request)) ? 'medium' : 'high'
}

function draftOf(action: AuditEvent, evidence: Evidence, score: number, context: Context): Draft {
  const { request, reads } = context
  const { source } = evidence.candidate
  const delegated = request.delegates && namedByUser(source, request)
  return {
    anchor: action,
    severity: severityOf(evidence, context),
    summary: summaryOf(action, evidence, delegated),
    calls: [action],
    steps: stepsOf(action, evidence, request),
    matched: evidence.matched.map(({ kind, hash }) => ({
      kind,
      hash,
      firstIn: source.recordId,
      usedIn: action.recordId,
    })),
    score: { score, ...partsOf(evidence, reads) },
  }
}

/** Calls whose arguments nobody can compare with the orders in a result before them; or no result captured at all. */
function blindSpot(judged: readonly Judged[]): NotEvaluated | undefined {
  const calls = judged.map(({ action }) => action)
  if (calls.length > 1 && calls.every((call) => unseen(call.resultCapture)))
    return { notEvaluated: 'results', because: 'no result of this session was captured' }
  const orders = calls.filter((call) => call.orders.some(({ mood }) => mood >= 0.7))
  const blind = calls.find(
    (call) => unseen(call.argCapture) && orders.some((source) => source.endedAt <= call.startedAt),
  )
  if (blind !== undefined)
    return {
      notEvaluated: 'arguments',
      because: `a result asks for something, and the arguments of ${blind.tool} after it were not captured`,
    }
  const apart = calls.find((call) =>
    orders.some((source) => source.endedAt <= call.startedAt && source.keyId !== call.keyId),
  )
  return (
    apart && {
      notEvaluated: 'arguments',
      because: `a result asks for something, and the values of ${apart.tool} after it were made with another key`,
    }
  )
}

const unseen = (state: AuditEvent['argCapture']): boolean => state === '' || state === 'omitted'
