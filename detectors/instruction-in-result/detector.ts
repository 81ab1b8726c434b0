import { type AuditEvent, type Draft, listed, nameOf, type Severity, sessionDetector, stepOf } from '#detector'

/**
 * A building block: a result holds text that speaks to the model instead of to people. Much of it is harmless (a page about prompts, a
 * polite e-mail), and the harm is in what the agent then does, so this is recorded, joins incidents, and never alerts alone.
 */
export default sessionDetector({
  about: {
    title: 'Text in a tool result speaks to the model',
    severity: 'low',
    maturity: 'stable',
    tags: { atlas: ['AML.T0051.001', 'AML.T0099'], mcp: ['MCP06:2025', 'MCP10:2025'], asi: ['ASI01', 'ASI06'] },
    needs: ['results'],
    version: 1,
  },
  wakesOn: ['call'],

  judge({ events, policy }) {
    const results = events.filter(
      ({ kind, resultCapture }) => kind === 'call' && resultCapture !== '' && resultCapture !== 'omitted',
    )
    if (results.length === 0) return { notEvaluated: 'results', because: 'no result of this session was captured' }
    return results.flatMap((event) => {
      // A list of tools is in the imperative by convention, and a server that outsiders cannot write to has nobody to speak for.
      if (policy.isClosedWorld(event.serverName) || (event.resultSignals['catalogue'] ?? 0) > 0) return []
      const traits = traitsOf(event)
      return traits.length === 0 ? [] : [draftOf(event, traits)]
    })
  },
})

interface Trait {
  readonly name: string
  readonly says: string
  readonly severity: Severity
  readonly score: number
}

/** Signal → from which score on, what is said, and whether people could see it at all. */
const signals: readonly (readonly [name: string, least: number, says: string, severity: Severity])[] = [
  ['unicode_tags', 0.5, 'text in characters that nobody sees', 'low'],
  ['role_marker', 0.5, 'marks that separate a model’s roles', 'low'],
  ['instruction', 0.6, 'an order to its reader or a machine', 'low'],
  ['secrecy', 0.5, 'that the person is not to be told', 'low'],
  ['hidden_characters', 0.5, 'many characters without width', 'info'],
  ['terminal_escape', 0.5, 'commands for a terminal', 'info'],
]

function traitsOf({ resultSignals, orders }: AuditEvent): Trait[] {
  const found = signals.flatMap(([name, least, says, severity]): Trait[] => {
    const score = resultSignals[name] ?? 0
    return score >= least ? [{ name, says, severity, score }] : []
  })
  const hidden = orders.filter(({ mood, flags }) => mood >= 0.8 && flags.includes('hidden'))
  if (hidden.length > 0)
    found.push({ name: 'hidden_order', says: 'an order in a comment or in encoded text', severity: 'low', score: 1 })
  return found
}

function draftOf(event: AuditEvent, traits: readonly Trait[]): Draft {
  const says = listed(traits.map((trait) => trait.says))
  return {
    anchor: event,
    severity: traits.some(({ severity }) => severity === 'low') ? 'low' : 'info',
    summary: `The result of ${nameOf(event)} holds ${says}`,
    calls: [event],
    steps: [stepOf(event, 'source', `its result holds ${says}`)],
    score: Object.fromEntries(traits.map(({ name, score }) => [name, score])),
  }
}
