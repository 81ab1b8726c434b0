// The host of a model: one conversation across two servers, with what the person asked and approved.
//     WATCHKEEPER_DSN=… node agent.mjs
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { approval, Emitter, inConversation, instrument, parseDsn, userMessage } from '@watchkeeper/sdk'
import { z } from 'zod'

const dsn = parseDsn(process.env.WATCHKEEPER_DSN ?? '')
if ('fault' in dsn) throw new Error(dsn.fault)
const emitter = new Emitter({ dsn, service: 'helpdesk' })

// A server of somebody else's, as a child process, and one in this process.
const tickets = instrument(new Client({ name: 'helpdesk', version: '1.0.0' }), { emitter })
const orders = instrument(new Client({ name: 'helpdesk', version: '1.0.0' }), { emitter })
const shop = new McpServer({ name: 'shop', version: '1.0.0' })
shop.registerTool('order_item', { inputSchema: { item: z.string() } }, async ({ item }) => ({
  content: [{ type: 'text', text: `${item} is ordered` }],
}))

await inConversation('conversation-17', async () => {
  await tickets.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [new URL('stdio-server.mjs', import.meta.url).pathname],
      env: { ...getDefaultEnvironment(), WATCHKEEPER_DSN: process.env.WATCHKEEPER_DSN ?? '' },
    }),
  )
  const [left, right] = InMemoryTransport.createLinkedPair()
  await Promise.all([shop.connect(right), orders.connect(left)])

  userMessage(emitter, 'Look at ticket 4711 and order what is missing.')
  const { content } = await tickets.callTool({ name: 'read_ticket', arguments: { id: 4711 } })
  console.error(content[0].text)

  // Ask the person here. An approval is for these very arguments.
  const call = { name: 'order_item', arguments: { item: 'toner' } }
  approval(emitter, { tool: call.name, arguments: call.arguments, serverName: 'shop', decision: 'allowed' })
  await orders.callTool(call)
})

await Promise.all([tickets.close(), orders.close()])
await emitter.close()
