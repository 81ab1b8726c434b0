import {
  type AuditEvent,
  type Draft,
  failed,
  nameOf,
  type Policy,
  type Severity,
  sessionDetector,
  stepOf,
  whoOf,
} from '#detector'

/**
 * Assistants are to be kept from credentials and from production. Which things these are the policy file says
 * (`crown_jewels`); without it only names and well-known places speak (`~/.ssh`, `.env`, a vault), and they say less.
 */
export default sessionDetector({
  about: {
    title: 'An assistant touched credentials, production or another crown jewel',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0098', 'AML.T0083', 'AML.T0055'], mcp: ['MCP01:2025'], asi: ['ASI03'] },
    needs: [],
    version: 1,
  },
  wakesOn: ['call'],

  judge({ events, policy }) {
    return events.flatMap((event) => {
      const touch = event.kind === 'call' ? touchOf(event, policy) : undefined
      return touch === undefined ? [] : [draftOf(event, touch)]
    })
  },
})

interface Touch {
  readonly what: string
  readonly severity: Severity
  readonly named: boolean
}

function touchOf(event: AuditEvent, policy: Policy): Touch | undefined {
  const jewel = policy.crownJewel(event)
  const reads = policy.toolClass(event) === 'read'
  if (jewel !== '' && policy.states('crown_jewels'))
    return { what: jewel, severity: failed(event) ? 'low' : reads ? 'medium' : 'high', named: true }
  // A file of credentials that was read, and whose contents are credentials by their form.
  if ((event.argSignals['path_credential'] ?? 0) > 0)
    return {
      what: 'a file of credentials',
      severity: failed(event) || event.resultSecretKinds.length === 0 ? 'low' : 'medium',
      named: false,
    }
  if (jewel === '' || failed(event)) return undefined
  return { what: jewel, severity: reads && event.resultSecretKinds.length === 0 ? 'info' : 'low', named: false }
}

function draftOf(event: AuditEvent, { what, severity, named }: Touch): Draft {
  const kinds = event.resultSecretKinds
  const said = `${nameOf(event)} touched ${what}${kinds.length === 0 ? '' : `; its result held ${kinds.join(', ')}`}${failed(event) ? `; it ended as ${event.outcome || 'unknown'}` : ''}`
  return {
    anchor: event,
    severity,
    summary: `${whoOf(event)}: ${said}`,
    calls: [event],
    steps: [stepOf(event, 'action', said)],
    score: { by_policy: named ? 1 : 0, secrets: kinds.length, failed: failed(event) ? 1 : 0 },
  }
}
