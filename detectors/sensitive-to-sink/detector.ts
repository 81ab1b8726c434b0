import {
  type AuditEvent,
  type Draft,
  type Flow,
  isSink,
  linksWithData,
  listed,
  nameOf,
  orderedIn,
  type Policy,
  type Sent,
  type Session,
  type Severity,
  sentIn,
  sessionDetector,
  stepOf,
  strangersIn,
  whoOf,
} from '#detector'

/**
 * Private data, access to strangers, and untrusted text in one session are what exfiltration takes (Willison 2025, "The lethal
 * trifecta"). To move data between tools is also what agents are for, so that a value of a mailbox stands in a message says
 * nothing yet. It says more where the person did not ask to send anything, where the place to send to came out of a text that
 * was read, and most where secrets went.
 */
export default sessionDetector({
  about: {
    title: 'Private data went out by a tool that others can read',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0086', 'AML.T0085.001', 'AML.T0025'], mcp: ['MCP10:2025', 'MCP01:2025'], asi: ['ASI02'] },
    needs: ['arguments', 'results'],
    version: 2,
  },
  wakesOn: ['call'],

  judge(session) {
    const ordered = orderedPlaces(session)
    return sentIn(session.events).flatMap((sent) => {
      const leak = leakOf(sent, session.policy, ordered)
      return leak === undefined ? [] : [draftOf(sent.call, leak)]
    })
  },
})

interface Leak {
  readonly severity: Severity
  readonly values: readonly Flow[]
  readonly secrets: readonly string[]
  readonly secretFrom: AuditEvent | undefined
  readonly placeFrom: AuditEvent | undefined
  readonly asked: boolean
  readonly known: boolean
  readonly strangers: readonly string[]
}

/** Kinds that are a place to send to. */
const placeKinds: ReadonlySet<string> = new Set(['email', 'url', 'host'])

/** So many weak values of one private result weigh as much as one strong value. */
const weakPerStrong = 6

function leakOf(sent: Sent, policy: Policy, ordered: ReadonlyMap<string, AuditEvent>): Leak | undefined {
  const { call, request } = sent
  if (call.method !== 'tools/call' || !isSink(call, policy)) return undefined
  const reads = policy.toolClass(call) === 'read'
  const links = reads ? ownLinks(sent) : undefined
  const flows = links === undefined ? sent.flows : sent.flows.filter(({ leaf }) => links.has(leaf))
  const strangers = strangersIn(call, policy)
  const prose = leavesWithWords(call)
  const isData = ({ kind, leaf }: Flow): boolean =>
    !placeKinds.has(kind) || (kind === 'email' && (reads || prose.has(leaf)))
  const values = flows.filter((flow) => isData(flow) && policy.isSensitive(flow.source))
  const weak = reads ? [] : mostOfOneSource(sent.weakFlows.filter(({ source }) => policy.isSensitive(source)))
  const amount = values.length + Math.floor(weak.length / weakPerStrong)
  const secretFrom = flows
    .map(({ source }) => source)
    .find(({ resultSecretKinds }) => shared(resultSecretKinds, call.argSecretKinds).length > 0)
  const secrets = secretFrom === undefined ? [] : shared(secretFrom.resultSecretKinds, call.argSecretKinds)
  if (amount === 0 && secrets.length === 0) return undefined

  const places = call.argFingerprints.filter(({ kind, hash }) => placeKinds.has(kind) && !request.values.has(hash))
  const placeFrom = places
    .map(({ hash }) => ordered.get(hash))
    .find((source) => source !== undefined && source.endedAt <= call.startedAt)
  // Whoever asks for anything wants something read; for a read, only the place can have been asked for.
  const asked = reads
    ? call.argFingerprints.some(({ kind, hash }) => kind === 'host' && request.values.has(hash))
    : call.verbs.some((verb) => request.verbs.has(verb))
  const severity = severityOf({
    secrets: secrets.length > 0 && strangers.length > 0,
    placeFrom: placeFrom !== undefined,
    asked,
    known: request.known,
    unnamed: strangers.length > 0 && places.length > 0,
    reads,
    values: amount,
  })
  if (severity === undefined) return undefined
  const sources = [...(amount > values.length ? weak : []), ...values]
  return { severity, values: sources, secrets, secretFrom, placeFrom, asked, known: request.known, strangers }
}

/** Arguments with a link that the agent put together itself: no result gave it whole, and the person did not name it. */
function ownLinks({ call, flows, request }: Sent): ReadonlySet<number> {
  const given = new Set(flows.map(({ hash }) => hash))
  const own = call.argFingerprints.filter(
    ({ kind, hash }) => kind === 'url' && !given.has(hash) && !request.values.has(hash),
  )
  const withData = linksWithData(call)
  return new Set(own.map(({ leaf }) => leaf).filter((leaf) => withData.has(leaf)))
}

/** Arguments that hold words: an address among them is told of, and no recipient. */
const leavesWithWords = ({ argFingerprints }: AuditEvent): ReadonlySet<number> =>
  new Set(argFingerprints.filter(({ kind }) => wordKinds.has(kind)).map(({ leaf }) => leaf))
const wordKinds: ReadonlySet<string> = new Set(['phrase', 'text', 'shingle'])

function mostOfOneSource(flows: readonly Flow[]): readonly Flow[] {
  const bySource = new Map<AuditEvent, Flow[]>()
  for (const flow of flows) {
    const known = bySource.get(flow.source)
    if (known === undefined) bySource.set(flow.source, [flow])
    else known.push(flow)
  }
  return [...bySource.values()].reduce<readonly Flow[]>((most, one) => (one.length > most.length ? one : most), [])
}

interface Weighed {
  readonly secrets: boolean
  readonly placeFrom: boolean
  readonly asked: boolean
  readonly known: boolean
  readonly unnamed: boolean
  readonly reads: boolean
  readonly values: number
}

function severityOf({ secrets, placeFrom, asked, known, unnamed, reads, values }: Weighed): Severity | undefined {
  if (secrets) return asked && !placeFrom ? 'medium' : 'high'
  // The place came out of a sentence that orders, and nobody asked to send anything.
  if (placeFrom && known && !asked) return values >= 2 ? 'high' : 'medium'
  if (placeFrom) return 'low'
  // An agent that reads an interface puts links together all day.
  if (known && !asked && unnamed && !reads && values >= 3) return 'medium'
  return unnamed && !asked && values >= 3 ? 'low' : undefined
}

/** Addresses, links and hosts in sentences that order → the first result that has them. A list of tools orders nothing. */
const orderedPlaces = ({ events, policy }: Session): ReadonlyMap<string, AuditEvent> =>
  orderedIn(
    events.filter(
      ({ kind, serverName, resultSignals }) =>
        kind === 'call' && !policy.isClosedWorld(serverName) && !((resultSignals['catalogue'] ?? 0) > 0),
    ),
    placeKinds,
  )

const shared = (a: readonly string[], b: readonly string[]): string[] => a.filter((one) => b.includes(one))

function draftOf(
  call: AuditEvent,
  { severity, values, secrets, secretFrom, placeFrom, asked, known, strangers }: Leak,
): Draft {
  const sources = [
    ...new Set([...(secretFrom === undefined ? [] : [secretFrom]), ...values.map(({ source }) => source)]),
  ]
  const what = [
    ...(secrets.length > 0 ? [`secrets (${listed(secrets)})`] : []),
    ...(values.length > 0 ? [`${values.length} ${values.length === 1 ? 'value' : 'values'}`] : []),
  ].join(' and ')
  const to = strangers.length === 0 ? '' : ` to ${listed(strangers)}`
  const why = placeFrom === undefined ? '' : `, a place that the result of ${nameOf(placeFrom)} told to send to`
  const wish = !known
    ? ''
    : asked
      ? '; the person had asked for something alike'
      : '; the person had not asked to send anything'
  const steps = [
    ...sources
      .slice(0, 5)
      .map((source) =>
        stepOf(
          source,
          'source',
          `its result held ${secrets.length > 0 && source === secretFrom ? `${listed(secrets)}` : 'values that were sent on'}`,
        ),
      ),
    ...(placeFrom === undefined || sources.slice(0, 5).includes(placeFrom)
      ? []
      : [stepOf(placeFrom, 'source', 'a sentence of its result names the place to send to')]),
    stepOf(call, 'action', `${nameOf(call)} sent ${what}${to}`),
  ]
  return {
    anchor: call,
    severity,
    summary: `${whoOf(call)}: ${nameOf(call)} sent ${what} of ${listed(new Set(sources.map(nameOf)), 3)}${to}${why}${wish}`,
    calls: [call],
    steps: steps.sort((a, b) => a.at - b.at),
    matched: values.map(({ kind, hash, source }) => ({ kind, hash, firstIn: source.recordId, usedIn: call.recordId })),
    score: {
      values: values.length,
      secrets: secrets.length,
      sources: sources.length,
      place_ordered: placeFrom === undefined ? 0 : 1,
      asked: asked ? 1 : 0,
      request_known: known ? 1 : 0,
      strangers: strangers.length,
    },
  }
}
