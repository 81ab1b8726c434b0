import { type AuditEvent, type Draft, listed, nameOf, type Severity, sessionDetector, stepOf } from '#detector'

type Order = AuditEvent['orders'][number]

/**
 * A tool's description is read by the model before any tool is called, so a server can give orders there without being used. That
 * descriptions are in the imperative is ordinary ("use this to …"). What is not: text that people do not see, secrecy towards the
 * user, another server's tools, files of the machine and addresses in what it orders. After Invariant Labs 2025, "Tool
 * Poisoning Attacks".
 */
export default sessionDetector({
  about: {
    title: 'A tool’s description gives orders that it has no business to give',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0110', 'AML.T0104'], mcp: ['MCP03:2025'], asi: ['ASI04', 'ASI01'] },
    needs: [],
    version: 1,
  },
  wakesOn: ['tool_definition'],

  judge({ events }) {
    const definitions = events.filter(({ kind }) => kind === 'tool_definition')
    const told = new Set<string>()
    return definitions.flatMap((event, index) => {
      // Seen from the client and from the server, and listed again: one description is one finding.
      const key = JSON.stringify([
        event.serverName,
        event.tool,
        event.detail['definition_digest'] ?? event.resultDigest,
      ])
      if (told.has(key)) return []
      const reasons = reasonsOf(event, foreignNames(event, definitions.slice(0, index)))
      const sum = reasons.reduce((total, { weight }) => total + weight, 0)
      const severity = severityOf(sum)
      if (severity === undefined) return []
      told.add(key)
      return [draftOf(event, reasons, severity, sum)]
    })
  },
})

interface Reason {
  readonly name: string
  readonly weight: number
  readonly says: string
}

const severityOf = (sum: number): Severity | undefined =>
  sum >= 3 ? 'high' : sum >= 1.5 ? 'medium' : sum >= 1 ? 'low' : undefined

/** From here on a sentence plainly asks. */
const plain = 0.7
const moves: ReadonlySet<string> = new Set(['message', 'publish', 'share', 'transfer', 'collect'])

function reasonsOf({ resultSignals, argSignals, orders }: AuditEvent, foreign: ReadonlySet<string>): Reason[] {
  const asks = orders.filter(({ mood }) => mood >= plain)
  const has = (order: Order, ...kinds: string[]): boolean =>
    [...order.atoms, ...order.following].some(({ kind }) => kinds.includes(kind))
  const signal = (name: string): number => resultSignals[name] ?? 0
  const rules: readonly (readonly [name: string, weight: number, holds: boolean, says: string])[] = [
    ['unicode_tags', 3, signal('unicode_tags') > 0, 'text in characters that nobody sees'],
    [
      'hidden_order',
      3,
      orders.some(({ mood, flags }) => mood >= 0.8 && flags.includes('hidden')),
      'an order that people do not see',
    ],
    [
      'hidden_characters',
      1.5,
      signal('hidden_characters') >= 0.3 || signal('terminal_escape') > 0,
      'characters that hide text',
    ],
    ['role_marker', 1.5, signal('role_marker') > 0, 'marks that separate a model’s roles'],
    ['secrecy', 1.5, signal('secrecy') > 0, 'that the user is not to be told'],
    ['reads_file', 1, asks.some((order) => order.verbs.includes('read') && has(order, 'path')), 'a file to be read'],
    ['credentials', 2, (argSignals['path_credential'] ?? 0) > 0, 'a place where credentials are kept'],
    [
      'sends',
      1,
      asks.some((order) => order.verbs.some((verb) => moves.has(verb)) && has(order, 'email', 'url', 'host')),
      'where something is to be sent',
    ],
    [
      'foreign_tool',
      2,
      asks.some((order) => [...order.atoms].some(({ hash }) => foreign.has(hash))),
      'another server’s tool',
    ],
    [
      'inner_address',
      1.5,
      Object.keys(argSignals).some((name) => name === 'address_metadata' || /^command_(?!injection)/.test(name)),
      'a command or an inner address',
    ],
  ]
  return rules.flatMap(([name, weight, holds, says]) => (holds ? [{ name, weight, says }] : []))
}

/** Names of tools that other servers listed before, as they would stand in a sentence. Plain words are no reference. */
function foreignNames(event: AuditEvent, earlier: readonly AuditEvent[]): ReadonlySet<string> {
  return new Set(
    earlier
      .filter(
        ({ serverName, tool, keyId }) =>
          serverName !== event.serverName &&
          tool !== event.tool &&
          keyId === event.keyId &&
          /[_.-]|[a-z][A-Z]/.test(tool),
      )
      .flatMap(({ argFingerprints }) => argFingerprints.map(({ hash }) => hash)),
  )
}

function draftOf(event: AuditEvent, reasons: readonly Reason[], severity: Severity, sum: number): Draft {
  const says = listed(
    reasons.map((reason) => reason.says),
    4,
  )
  return {
    anchor: event,
    severity,
    summary: `The description of ${nameOf(event)} tells the model of ${says}`,
    calls: [event],
    steps: [stepOf(event, 'source', `its description holds ${says}`)],
    score: { sum, ...Object.fromEntries(reasons.map(({ name, weight }) => [name, weight])) },
  }
}
