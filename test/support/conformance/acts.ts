/** What a conversation did, written down while it is done, and what must therefore stand in the store: no more, no less. */
import assert from 'node:assert/strict'
import type { Kept } from '../kept.js'

export type Party = 'agent' | 'server'
type Outcome = 'ok' | 'tool_error' | 'protocol_error' | 'denied' | 'input_required' | 'cancelled'

/** One request of the protocol. */
export interface Act {
  readonly by: Party
  readonly method: string
  /** Of the tool, the prompt, or the resource's origin. */
  readonly name: string
  readonly asked: Outcome
  /** How it ended for the one who was asked; undefined where it never came there. */
  readonly served: Outcome | undefined
}

export class Logbook {
  readonly acts: Act[] = []
  /** Tools whose descriptions the agent was shown. */
  readonly tools = new Set<string>()

  did(method: string, name = '', asked: Outcome = 'ok'): void {
    this.acts.push({ by: 'agent', method, name, asked, served: asked })
  }

  /** Refused before the server's protocol saw it. */
  refused(method: string, name: string): void {
    this.acts.push({ by: 'agent', method, name, asked: 'denied', served: undefined })
  }

  /** The server asked the agent for something. */
  asked(method: string, outcome: Outcome = 'ok'): void {
    this.acts.push({ by: 'server', method, name: '', asked: outcome, served: outcome })
  }
}

export interface Row {
  readonly kind: string
  readonly side: 'client' | 'server'
  readonly producer_id: string
  readonly event_id: string
  readonly session: string
  readonly conversation_id: string
  readonly trace_id: string
  readonly span_id: string
  readonly parent_span_id: string
  readonly call_key: string | null
  readonly method: string
  readonly request_id: string
  readonly tool: string
  readonly prompt: string
  readonly resource: string
  readonly outcome: string
  readonly error_type: string
  readonly decision: string
  readonly scopes: readonly string[]
  readonly scopes_granted: readonly string[]
  readonly scopes_challenged: readonly string[]
  readonly caused_by: string
  readonly server_name: string
  readonly server_address: string
  readonly detail: Readonly<Record<string, string>>
}

const columns = `kind, side, producer_id, toString(event_id) AS event_id, session, conversation_id, trace_id, span_id,
  parent_span_id, toString(call_key) AS call_key, method, request_id, tool, prompt, resource, outcome, error_type, decision,
  scopes, scopes_granted, scopes_challenged, toString(caused_by) AS caused_by, server_name,
  server_address, detail`

/** `records`: both sides of each call; `audit`: one row for each thing that happened. */
export const rowsOf = (kept: Kept, view: 'records' | 'audit'): Promise<readonly Row[]> =>
  kept.query<Row>(`SELECT ${columns} FROM ${view} ORDER BY started_at, sequence`)

const other = (party: Party): Party => (party === 'agent' ? 'server' : 'agent')
const line = (...words: readonly string[]): string => words.filter((word) => word !== '').join(' ')

/** Each request stands there once from each side that saw it, and nothing else does. `agent`: producer of the agent's records. */
export function assertEachOnce(rows: readonly Row[], { acts }: Logbook, agent: string): void {
  const calls = rows.filter(({ kind }) => kind === 'call')
  const told = calls.map(({ producer_id, side, method, tool, prompt, resource, outcome }) =>
    line(producer_id === agent ? 'agent' : 'server', side, method, tool || prompt || resource, outcome),
  )
  const expected = acts.flatMap(({ by, method, name, asked, served }) => [
    line(by, 'client', method, name, asked),
    ...(served === undefined ? [] : [line(other(by), 'server', method, name, served)]),
  ])
  assert.deepEqual(told.sort(), expected.sort())
}

/** Both sides of each request name the same trace, the one's span under the other's, and are one call to whoever counts. */
export function assertJoined(rows: readonly Row[]): void {
  const calls = rows.filter(({ kind }) => kind === 'call')
  const asked = new Map(calls.filter(({ side }) => side === 'client').map((row) => [row.span_id, row]))
  for (const served of calls.filter(({ side }) => side === 'server')) {
    const from = asked.get(served.parent_span_id)
    const what = line('the server side of', served.method, served.tool)
    assert.ok(from, `${what} hangs on no client span`)
    assert.deepEqual(
      [served.trace_id, served.request_id, served.method, served.tool, served.call_key],
      [from.trace_id, from.request_id, from.method, from.tool, from.call_key],
      what,
    )
    assert.match(served.trace_id, /^[0-9a-f]{32}$/)
    asked.delete(served.parent_span_id)
  }
}

/** What detectors and dashboards read has one row for each request, whoever told of it. */
export function assertAudited(audited: readonly Row[], { acts }: Logbook): void {
  const what = audited.filter(({ kind }) => kind === 'call')
  assert.deepEqual(
    what.map(({ method, tool, prompt, resource }) => line(method, tool || prompt || resource)).sort(),
    acts.map(({ method, name }) => line(method, name)).sort(),
  )
}

/** All of it is one conversation, also in the eyes of the detectors. */
export function assertOneConversation(rows: readonly Row[], conversation: string): void {
  assert.ok(rows.length > 0)
  const strays = rows.filter(({ conversation_id, session }) => conversation_id !== conversation || session === '')
  assert.deepEqual(
    strays.map(({ kind, side, method, tool, conversation_id }) =>
      line(kind, side, method, tool, `"${conversation_id}"`),
    ),
    [],
  )
  assert.deepEqual(new Set(rows.map(({ session }) => session)).size, 1)
}

/** Each tool's description once from each side. */
export function assertDefinitions(rows: readonly Row[], { tools }: Logbook): void {
  for (const of of ['client', 'server']) {
    const told = rows.filter(({ kind, side }) => kind === 'tool_definition' && side === of).map(({ tool }) => tool)
    assert.deepEqual(told.sort(), [...tools].sort(), of)
  }
}

/**
 * A client logged in, lacked a scope, was challenged, and came back with more; another one with a token like the first was
 * refused. Told by both sides, once, and the trace of each challenge is that of the call it stopped.
 */
export function assertSteppedUp(rows: readonly Row[]): void {
  const calls = rows.filter(({ kind, side }) => kind === 'call' && side === 'client')
  const [granted, refused] = ['ok', 'denied'].map((outcome) =>
    calls.find((row) => row.tool === 'send_mail' && row.outcome === outcome),
  )
  for (const of of ['client', 'server']) {
    const told = rows.filter(({ kind, side }) => kind === 'authorization' && side === of)
    assert.deepEqual(
      told.map(({ decision, error_type, tool }) => line(decision, error_type, tool)),
      [
        'challenged 401',
        'allowed',
        'challenged 403 send_mail',
        'allowed send_mail',
        'allowed',
        'challenged 403 send_mail',
      ],
      of,
    )
    const challenges = told.filter(({ tool, decision }) => tool === 'send_mail' && decision === 'challenged')
    assert.deepEqual(
      challenges.map(({ trace_id, request_id }) => [trace_id, request_id]),
      [granted, refused].map((call) => [call?.trace_id, call?.request_id]),
      of,
    )
    for (const { scopes_challenged } of challenges) assert.deepEqual(scopes_challenged, ['mail:send'])
    const growth = rows.filter(({ kind, side }) => kind === 'elevation' && side === of)
    assert.deepEqual(
      growth.map(({ scopes, scopes_granted, caused_by, trace_id }) => [scopes, scopes_granted, caused_by, trace_id]),
      [[['mcp'], ['mcp', 'mail:send'], challenges[0]?.event_id, granted?.trace_id]],
      of,
    )
  }
}
