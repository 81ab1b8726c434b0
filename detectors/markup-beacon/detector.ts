import {
  type AuditEvent,
  type Draft,
  type Flow,
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
 * An image in a message loads by itself and takes its link's query along: whoever shows the message sends the data. So a link or
 * image with a query in what a model writes, or in what a tool gave it to show, is a way out that no tool call names. (Rehberger 2023 and
 * many after him, "Data exfiltration via markdown images".)
 */
export default sessionDetector({
  about: {
    title: 'An image or link that carries data of the session away',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0057', 'AML.T0025'], mcp: ['MCP10:2025'], asi: ['ASI02', 'ASI01'] },
    needs: ['arguments', 'results'],
    version: 1,
  },
  wakesOn: ['call'],

  judge({ events, policy }) {
    const before = new Map<string, AuditEvent>()
    return sentIn(events).flatMap((sent) => {
      const found = inArguments(sent, policy) ?? inResult(sent.call, before)
      for (const { kind, hash } of [...sent.call.argFingerprints, ...sent.call.resultFingerprints])
        if (carriers.has(kind) && !before.has(hash)) before.set(hash, sent.call)
      return found === undefined ? [] : [found]
    })
  },
})

/** What a query may carry; a link's own host and address prove nothing. */
const carriers: ReadonlySet<string> = new Set(['email', 'id', 'path', 'text'])
const loadsItself = 0.9

function inArguments({ call, flows, request }: Sent, policy: Policy): Draft | undefined {
  const beacon = call.argSignals['beacon'] ?? 0
  if (beacon < 0.5 || call.method !== 'tools/call' || call.outcome === 'denied' || call.outcome === 'protocol_error')
    return undefined
  const strangers = strangersIn(call, policy)
  if (strangers.length === 0) return undefined
  const carried = flows.filter(({ kind, source }) => carriers.has(kind) && policy.isSensitive(source))
  const named = call.argFingerprints.some(({ kind, hash }) => kind === 'host' && request.values.has(hash))
  const severity: Severity = carried.length === 0 || named ? 'info' : beacon >= loadsItself ? 'high' : 'medium'
  return severity === 'info' && beacon < loadsItself
    ? undefined
    : draftOf(call, 'arguments', severity, beacon, carried, strangers)
}

/** A tool hands the model an image to show, with data in its query that the tool of another server or an earlier call held. */
function inResult(call: AuditEvent, before: ReadonlyMap<string, AuditEvent>): Draft | undefined {
  const beacon = call.resultSignals['beacon'] ?? 0
  if (beacon < loadsItself) return undefined
  const own = new Set(call.argFingerprints.map(({ hash }) => hash))
  const carried = call.resultFingerprints.flatMap(({ kind, hash, leaf }): Flow[] => {
    const source = before.get(hash)
    const foreign = source !== undefined && source.serverName !== call.serverName && source.endedAt <= call.startedAt
    return foreign && carriers.has(kind) && !own.has(hash) ? [{ source, kind, hash, leaf }] : []
  })
  return draftOf(call, 'result', carried.length > 0 ? 'medium' : 'info', beacon, carried, [])
}

function draftOf(
  call: AuditEvent,
  place: 'arguments' | 'result',
  severity: Severity,
  beacon: number,
  carried: readonly Flow[],
  strangers: readonly string[],
): Draft {
  const sources = [...new Set(carried.map(({ source }) => source))]
  const form = beacon >= loadsItself ? 'an image that loads by itself' : 'a link'
  const data =
    carried.length === 0
      ? 'with a query'
      : `with ${carried.length === 1 ? 'a value' : `${carried.length} values`} of ${listed(new Set(sources.map(nameOf)), 3)}`
  const said = `the ${place} of ${nameOf(call)} held ${form} ${data}${strangers.length === 0 ? '' : `, to ${listed(strangers)}`}`
  return {
    anchor: call,
    severity,
    summary: `${whoOf(call)}: ${said}`,
    calls: [call],
    steps: [
      ...sources.slice(0, 5).map((source) => stepOf(source, 'source', 'values of it stand in the link')),
      stepOf(call, place === 'arguments' ? 'action' : 'source', said),
    ].sort((a, b) => a.at - b.at),
    matched: carried.map(({ kind, hash, source }) => ({ kind, hash, firstIn: source.recordId, usedIn: call.recordId })),
    score: { beacon, values: carried.length, sent: place === 'arguments' ? 1 : 0 },
  }
}
