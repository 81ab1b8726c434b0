/**
 * The demo's world: four MCP servers and one assistant, all of the official SDK, over all three transports. Every client
 * and server is instrumented by one line, as in any service.
 */
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { Emitter, type EmitterOptions, instrument } from '@watchkeeper/sdk'
import { type Dsn, formatDsn } from '@watchkeeper/sdk/dsn'
import { calendarServer } from './servers/calendar.js'
import { startCrm } from './servers/crm.js'
import { createStepUp } from './step-up.js'

export type ServerName = 'tickets' | 'mail' | 'crm' | 'calendar'

export interface Desk {
  /** Of the assistant's side. */
  readonly emitter: Emitter
  /** Calls a tool and returns the text of its result. */
  call(server: ServerName, tool: string, args: Readonly<Record<string, unknown>>): Promise<string>
  /** Ends all servers, after what they had to report was sent. */
  close(): Promise<void>
}

export interface DeskOptions {
  readonly dsn: Dsn
  readonly onProblem: NonNullable<EmitterOptions['onProblem']>
  readonly onGranted: (scopes: readonly string[]) => void
}

export async function openDesk({ dsn, onProblem, onGranted }: DeskOptions): Promise<Desk> {
  const emitter = new Emitter({ dsn, service: 'demo-assistant', onProblem })
  const serverEmitter = new Emitter({ dsn, service: 'demo-crm', onProblem })
  const closers: (() => Promise<unknown>)[] = [() => emitter.close(), () => serverEmitter.close()]
  const close = async (): Promise<void> => {
    // Backwards: clients before the servers they talk to, and what reports goes last.
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  const connect = async (transport: Parameters<Client['connect']>[0]): Promise<Client> => {
    const client = instrument(new Client({ name: 'desk-assistant', version: '1.0.0' }), { emitter })
    closers.push(() => client.close())
    await client.connect(transport)
    // As assistants do: without the list they would not know what to call.
    await client.listTools()
    return client
  }
  const stdio = (file: string): StdioClientTransport =>
    new StdioClientTransport({
      command: process.execPath,
      args: [fileURLToPath(new URL(`./servers/${file}.js`, import.meta.url))],
      env: { ...getDefaultEnvironment(), WATCHKEEPER_DSN: formatDsn(dsn) },
      stderr: 'ignore',
    })

  try {
    const crm = await startCrm(serverEmitter)
    closers.push(() => crm.close())
    const stepUp = await createStepUp(crm.url, emitter, onGranted)
    const [left, right] = InMemoryTransport.createLinkedPair()
    await instrument(calendarServer(), { emitter: serverEmitter }).connect(right)
    const http = new StreamableHTTPClientTransport(crm.url, { fetch: stepUp.fetch })
    const clients: Readonly<Record<ServerName, Client>> = {
      calendar: await connect(left),
      crm: await connect(http as Parameters<Client['connect']>[0]),
      tickets: await connect(stdio('tickets')),
      mail: await connect(stdio('mail')),
    }
    return {
      emitter,
      close,
      async call(server, tool, args) {
        const result = (await clients[server].callTool({ name: tool, arguments: { ...args } })) as CallToolResult
        return result.content.map((block) => (block.type === 'text' ? block.text : '')).join('\n')
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
