import {
  type AuditEvent,
  type Draft,
  isSink,
  listed,
  nameOf,
  type Policy,
  type Sent,
  type Severity,
  sentIn,
  sessionDetector,
  stepOf,
  strangersIn,
  whoOf,
} from '#detector'

/**
 * Who hides what leaves encodes it: base64, hex or percent runs that spell text, or long runs that look random. Capture spells the first few
 * layers and takes fingerprints of what they say, so that a value of an earlier result is known again inside. Cursors and tokens are
 * encoded, too, but they are handed back to the server that gave them.
 */
export default sessionDetector({
  about: {
    title: 'Encoded data went to a tool that others can read',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0086', 'AML.T0025'], mcp: ['MCP10:2025'], asi: ['ASI02'] },
    needs: ['arguments'],
    version: 2,
  },
  wakesOn: ['call'],

  judge({ events, policy }) {
    return sentIn(events).flatMap((sent) => {
      const found = payloadOf(sent, policy)
      return found === undefined ? [] : [draftOf(sent.call, found)]
    })
  },
})

interface Payload {
  readonly severity: Severity
  readonly encoded: number
  readonly spelled: boolean
  readonly sources: readonly AuditEvent[]
  readonly values: number
  readonly strangers: readonly string[]
}

function payloadOf({ call, flows, request }: Sent, policy: Policy): Payload | undefined {
  const encoded = call.argSignals['encoded'] ?? 0
  if (call.method !== 'tools/call' || encoded < 0.15 || !isSink(call, policy)) return undefined
  const strangers = strangersIn(call, policy)
  // What came from the same server goes back to it: a cursor, a version, a handle.
  const foreign = flows.filter(
    ({ source, kind }) => kind !== 'host' && (source.serverName !== call.serverName || source.tool !== call.tool),
  )
  const spelled = (call.argSignals['decoded'] ?? 0) > 0
  const carried = spelled ? foreign.filter(({ source }) => policy.isSensitive(source)) : []
  // Whoever asks for anything wants something read: that is no wish to send.
  const asked = policy.toolClass(call) !== 'read' && call.verbs.some((verb) => request.verbs.has(verb))
  const severity: Severity | undefined =
    carried.length > 0 && strangers.length > 0
      ? asked
        ? 'medium'
        : 'high'
      : spelled && call.argSecretKinds.length > 0 && strangers.length > 0
        ? 'high'
        : encoded >= 0.5 && strangers.length > 0
          ? 'low'
          : undefined
  if (severity === undefined) return undefined
  return {
    severity,
    encoded,
    spelled,
    sources: [...new Set(carried.map(({ source }) => source))],
    values: carried.length,
    strangers,
  }
}

function draftOf(call: AuditEvent, { severity, encoded, spelled, sources, values, strangers }: Payload): Draft {
  const what =
    values > 0
      ? `${values} of its values spelled in encoded form, of ${listed(new Set(sources.map(nameOf)), 3)}`
      : spelled
        ? 'text in encoded form'
        : 'a long run that looks random'
  return {
    anchor: call,
    severity,
    summary: `${whoOf(call)}: ${nameOf(call)} sent ${what}, to ${listed(strangers)}`,
    calls: [call],
    steps: [
      ...sources.slice(0, 5).map((source) => stepOf(source, 'source', 'its result held values that were sent on')),
      stepOf(call, 'action', `its arguments held ${what}`),
    ].sort((a, b) => a.at - b.at),
    score: { encoded, spelled: spelled ? 1 : 0, values, strangers: strangers.length },
  }
}
