import {
  type AuditEvent,
  type Draft,
  listed,
  nameOf,
  type Policy,
  type Severity,
  sessionDetector,
  stepOf,
  strangersIn,
  whoOf,
} from '#detector'

/**
 * A secret by its form (capture knows the formats of keys, tokens and private keys; the value is never kept) stood in what a model
 * sent to a tool, or in what it read. What a model has read it may repeat anywhere; what it sent is somewhere else already.
 */
export default sessionDetector({
  about: {
    title: 'A secret passed through a tool call',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0098', 'AML.T0055', 'AML.T0057'], mcp: ['MCP01:2025', 'MCP10:2025'], asi: ['ASI03'] },
    needs: [],
    version: 2,
  },
  wakesOn: ['call'],

  judge({ events, policy }) {
    const told = new Set<string>()
    return events.flatMap((event) => {
      if (event.kind !== 'call') return []
      const found = exposureOf(event, policy)
      if (found === undefined) return []
      // Once for each tool, place and set of kinds: a log that is read page by page is one exposure.
      const key = JSON.stringify([event.serverName, event.tool, found.place, found.kinds, found.severity])
      if (told.has(key)) return []
      told.add(key)
      return [draftOf(event, found)]
    })
  },
})

interface Exposure {
  readonly place: 'arguments' | 'result'
  readonly kinds: readonly string[]
  readonly severity: Severity
  readonly strangers: readonly string[]
}

/** Formats that nothing else has. The others (a word beside "password", a number that passes a check) are mistaken now and then. */
const certain: ReadonlySet<string> = new Set(
  'private_key aws_access_key github_token gitlab_token slack_token slack_webhook stripe_key google_api_key google_oauth_secret anthropic_key openai_key npm_token pypi_token sendgrid_key telegram_token azure_key'.split(
    ' ',
  ),
)

function exposureOf(event: AuditEvent, policy: Policy): Exposure | undefined {
  const { argSecretKinds: sent, resultSecretKinds: read } = event
  const failed = event.outcome === 'denied' || event.outcome === 'protocol_error'
  if (sent.length > 0) {
    const strangers = strangersIn(event, policy)
    const sure = sent.some((kind) => certain.has(kind))
    // A read hands its link and its headers to the host that it names, and often a key is what it takes to read there.
    const most: Severity = policy.toolClass(event) === 'read' ? 'medium' : 'high'
    const handedOut = !failed && strangers.length > 0
    const severity: Severity = sure ? (handedOut ? most : 'low') : handedOut || failed ? 'low' : 'info'
    return { place: 'arguments', kinds: sent, severity, strangers }
  }
  if (read.length === 0) return undefined
  return {
    place: 'result',
    kinds: read,
    severity: read.some((kind) => certain.has(kind)) ? 'low' : 'info',
    strangers: [],
  }
}

function draftOf(event: AuditEvent, { place, kinds, severity, strangers }: Exposure): Draft {
  const where = strangers.length === 0 ? '' : ` that name ${listed(strangers)}`
  const said =
    place === 'arguments'
      ? `the arguments of ${nameOf(event)}${where} held ${listed(kinds)}`
      : `the result of ${nameOf(event)} held ${listed(kinds)}`
  return {
    anchor: event,
    severity,
    summary: `${whoOf(event)}: ${said}`,
    calls: [event],
    steps: [stepOf(event, place === 'arguments' ? 'action' : 'source', said)],
    score: {
      kinds: kinds.length,
      certain: kinds.filter((kind) => certain.has(kind)).length,
      sent: place === 'arguments' ? 1 : 0,
      strangers: strangers.length,
    },
  }
}
