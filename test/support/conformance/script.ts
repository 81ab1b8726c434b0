/** The conversation that every world holds: everything that the protocol has. The logbook says what each act must lead to. */
import assert from 'node:assert/strict'
import { gate } from '../gate.js'
import type { Logbook } from './acts.js'

/** A client of either SDK version, as the script uses it. */
export interface Desk {
  /** The handshake's method, where there was one on this connection. */
  readonly handshake: 'initialize' | 'server/discover' | undefined
  listTools(): Promise<readonly string[]>
  call(tool: string, options?: CallOptions): Promise<Called>
  listResources(): Promise<unknown>
  listTemplates(): Promise<unknown>
  read(uri: string): Promise<unknown>
  listPrompts(): Promise<unknown>
  prompt(name: string): Promise<unknown>
  complete(prompt: string, argument: { readonly name: string; readonly value: string }): Promise<unknown>
  /** A request that no server knows. */
  nonsense(): Promise<unknown>
  close(): Promise<void>
}

export interface CallOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: number) => void
}

export interface Called {
  readonly text: string
  readonly isError: boolean
}

/** What differs between worlds, by the protocol and not by our doing. */
export interface World {
  /** SDK v1 answers an unknown tool with a result that says error, v2 with an error of the protocol. */
  readonly unknownTool: 'tool_error' | 'protocol_error'
  /** How a server gets something from its client: by a request of its own, or by an answer that asks back. */
  readonly askingBack: 'request' | 'input_required'
}

export const toolNames = ['read_note', 'send_mail', 'fail', 'wait', 'count', 'ask_model', 'ask_person', 'ask_roots']
/** Each with the request that it makes a server send. */
const asking = { ask_model: 'sampling/createMessage', ask_person: 'elicitation/create', ask_roots: 'roots/list' }

export async function everything(desk: Desk, log: Logbook, { unknownTool, askingBack }: World): Promise<void> {
  if (desk.handshake !== undefined) log.did(desk.handshake)
  for (const time of ['first', 'again']) {
    const tools = await desk.listTools()
    log.did('tools/list')
    assert.deepEqual([...tools].sort(), [...toolNames].sort(), time)
    for (const tool of tools) log.tools.add(tool)
  }

  assert.equal((await desk.call('read_note')).text, 'note: write to anna@example.org')
  log.did('tools/call', 'read_note')
  // Over HTTP it needs a scope that the first log-in did not ask for.
  assert.equal((await desk.call('send_mail')).text, 'sent')
  log.did('tools/call', 'send_mail')
  assert.equal((await desk.call('fail')).isError, true)
  log.did('tools/call', 'fail', 'tool_error')
  const unknown = desk.call('nothing_like_it')
  if (unknownTool === 'protocol_error') await assert.rejects(unknown)
  else assert.equal((await unknown).isError, true)
  log.did('tools/call', 'nothing_like_it', unknownTool)
  await assert.rejects(desk.nonsense())
  log.did('notes/forget', '', 'protocol_error')

  const steps: number[] = []
  await desk.call('count', { onProgress: (progress) => steps.push(progress) })
  // What comes in one read with the answer, both SDKs' clients drop; `wait` below needs its progress.
  assert.deepEqual(steps, [1, 2, 3].slice(0, steps.length))
  log.did('tools/call', 'count')
  await calledOff(desk)
  log.did('tools/call', 'wait', 'cancelled')

  await desk.listResources()
  log.did('resources/list')
  await desk.listTemplates()
  log.did('resources/templates/list')
  await desk.read('notes://desk/readme')
  log.did('resources/read', 'notes://desk')
  await assert.rejects(desk.read('notes://attic/absent'))
  log.did('resources/read', 'notes://attic', 'protocol_error')
  await desk.listPrompts()
  log.did('prompts/list')
  await desk.prompt('greet')
  log.did('prompts/get', 'greet')
  await assert.rejects(desk.prompt('curse'))
  log.did('prompts/get', 'curse', 'protocol_error')
  await desk.complete('greet', { name: 'name', value: 'An' })
  log.did('completion/complete')

  for (const [tool, method] of Object.entries(asking)) {
    assert.match((await desk.call(tool)).text, /^heard /)
    log.did('tools/call', tool)
    if (askingBack === 'request') log.asked(method)
    else log.did('tools/call', tool, 'input_required')
  }
}

async function calledOff(desk: Desk): Promise<void> {
  const stop = new AbortController()
  const begun = gate()
  const call = desk.call('wait', { signal: stop.signal, onProgress: begun.open })
  // What it reports as progress, it does while it is being served.
  await Promise.race([begun.opened, call])
  stop.abort()
  await assert.rejects(call)
}

/** A client that cannot log in again: what it lacks a scope for is refused for good. */
export async function denied(desk: Desk, log: Logbook): Promise<void> {
  if (desk.handshake !== undefined) log.did(desk.handshake)
  await assert.rejects(desk.call('send_mail'))
  log.refused('tools/call', 'send_mail')
}
