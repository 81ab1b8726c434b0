/** `serve --demo`: a live, attacked MCP conversation, so that a first look at the service has something to look at. */
import { randomUUID } from 'node:crypto'
import type { Writable } from 'node:stream'
import { inConversation, userMessage } from '@watchkeeper/sdk'
import { pause } from '@watchkeeper/sdk/backoff'
import type { Dsn } from '@watchkeeper/sdk/dsn'
import type { Logger } from '../../log.js'
import { type Act, attacked, type Conversation, ordinary } from './conversations.js'
import { openDesk } from './desk.js'
import { person } from './step-up.js'

export interface DemoOptions {
  /** Of a key with the role `agent`, or the development DSN. */
  readonly dsn: Dsn
  readonly log: Logger
  /** Ends the play after the call in hand. */
  readonly signal: AbortSignal
  /** Where the story is told. */
  readonly out: Writable
  /** Milliseconds between two calls, so that a person can follow; default 250. */
  readonly paceMs?: number
}

export interface Played {
  /** Of the attacked conversation. Everything it caused has been sent when this is known. */
  readonly conversationId: string
}

export async function playDemo({ dsn, log, signal, out, paceMs = 250 }: DemoOptions): Promise<Played> {
  const tell = (text: string): void => void out.write(`${text}\n`)
  tell(
    '\ndemo: an assistant at a help desk, with the MCP servers tickets and mail (stdio), crm (HTTP, OAuth scopes) and',
  )
  tell('      calendar (in memory); clients and servers are watched by @watchkeeper/sdk\n')
  const desk = await openDesk({
    dsn,
    onProblem: ({ type, records, message }) => log.warn({ type, records }, `demo: records ${type}: ${message}`),
    onGranted: (scopes) =>
      tell(`          403 insufficient_scope: the assistant asks for ${scopes.join(' ')}, and gets it`),
  })

  const hold = async ({ request, play }: Conversation): Promise<string> => {
    const conversationId = `demo-${randomUUID()}`
    const act: Act = async (server, tool, args, comment) => {
      signal.throwIfAborted()
      await pause(paceMs, signal)
      tell(`        ${server}.${tool}${comment === undefined ? '' : `  ← ${comment}`}`)
      return desk.call(server, tool, args)
    }
    tell(`  user  ${request}`)
    await inConversation(conversationId, async () => {
      userMessage(desk.emitter, request, { subject: person })
      await play(act)
    })
    return conversationId
  }

  try {
    for (const conversation of ordinary) await hold(conversation)
    const conversationId = await hold(attacked)
    tell('')
    return { conversationId }
  } finally {
    await desk.close()
  }
}
