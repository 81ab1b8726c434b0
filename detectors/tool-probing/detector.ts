import { type AuditEvent, type Draft, listed, nameOf, type Severity, sessionDetector, stepOf, whoOf } from '#detector'

/**
 * Who does not know a server feels along its walls: names that do not exist, everything listed again and again, one tool with
 * every argument. Models err, too, so each kind asks for a number that ordinary confusion does not reach within two minutes.
 */
export default sessionDetector({
  about: {
    title: 'Somebody feels along a server’s walls',
    severity: 'medium',
    maturity: 'stable',
    tags: { atlas: ['AML.T0084', 'AML.T0084.001'], mcp: ['MCP07:2025'], asi: ['ASI02'] },
    needs: [],
    version: 1,
  },
  wakesOn: ['call'],

  judge({ events }) {
    const calls = events
      .filter(({ kind }) => kind === 'call')
      .sort((a, b) => a.startedAt - b.startedAt || a.endedAt - b.endedAt)
    const byServer = new Map<string, AuditEvent[]>()
    for (const call of calls) {
      const server = JSON.stringify([call.serverName, call.serverAddress])
      byServer.set(server, [...(byServer.get(server) ?? []), call])
    }
    return [...byServer.values()].flatMap((own) => probes.flatMap((probe) => found(own, probe)))
  },
})

/** Microseconds. */
const window = 120_000_000

interface Probe {
  readonly name: string
  readonly severity: Severity
  /** Different things within the window. */
  readonly enough: number
  /** What is counted, once for each text; `undefined` where a call is no such thing. */
  counts(call: AuditEvent): string | undefined
  readonly says: (count: number) => string
}

const listing = /^(?:tools|resources|resources\/templates|prompts|tasks)\/list$|^server\/discover$/
const unknownTool = (call: AuditEvent): boolean =>
  call.tool !== '' && call.outcome === 'protocol_error' && (call.rpcCode === '-32601' || call.rpcCode === '-32602')

const probes: readonly Probe[] = [
  {
    name: 'unknown_tools',
    severity: 'medium',
    enough: 5,
    counts: (call) => (unknownTool(call) ? call.tool : undefined),
    says: (count) => `${count} tools were called that the server does not have, or not so`,
  },
  {
    name: 'denied_tools',
    severity: 'medium',
    enough: 5,
    counts: (call) => (call.outcome === 'denied' && call.tool !== '' ? call.tool : undefined),
    says: (count) => `${count} tools were tried and denied`,
  },
  {
    name: 'listings',
    severity: 'low',
    enough: 40,
    counts: (call) => (listing.test(call.method) ? call.eventId : undefined),
    says: (count) => `everything was listed, ${count} times`,
  },
  {
    name: 'fuzzed_arguments',
    severity: 'low',
    enough: 20,
    counts: (call) =>
      call.tool !== '' && call.argDigest !== '' && (call.outcome === 'tool_error' || unknownTool(call))
        ? `${call.tool} ${call.argDigest}`
        : undefined,
    says: (count) => `${count} calls with other arguments each time failed`,
  },
]

/** The call that fills the measure; after it the count begins anew, so a probe that goes on is told again. */
function found(calls: readonly AuditEvent[], probe: Probe): Draft[] {
  const drafts: Draft[] = []
  let recent: { readonly call: AuditEvent; readonly what: string }[] = []
  for (const call of calls) {
    const what = probe.counts(call)
    if (what === undefined) continue
    recent = recent.filter((one) => call.startedAt - one.call.startedAt <= window && one.what !== what)
    recent.push({ call, what })
    if (recent.length < probe.enough) continue
    drafts.push(
      draftOf(
        call,
        recent.map((one) => one.call),
        probe,
      ),
    )
    recent = []
  }
  return drafts
}

function draftOf(event: AuditEvent, calls: readonly AuditEvent[], { name, severity, says }: Probe): Draft {
  const tools = [...new Set(calls.map(nameOf))]
  return {
    anchor: event,
    severity,
    summary: `${whoOf(event)}: within two minutes ${says(calls.length)} (${listed(tools)})`,
    calls: [event, ...calls.slice(0, -1)],
    steps: calls
      .map((call) =>
        stepOf(
          call,
          'action',
          `${nameOf(call)} ended as ${call.outcome}${call.errorType === '' ? '' : ` (${call.errorType})`}`,
        ),
      )
      .sort((a, b) => a.at - b.at),
    score: { [name]: calls.length, window_seconds: window / 1_000_000 },
  }
}
