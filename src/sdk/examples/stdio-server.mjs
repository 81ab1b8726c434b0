// A local MCP server on stdio (SDK v1), watched: one line before `connect`.
//     WATCHKEEPER_DSN=… node stdio-server.mjs
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { Emitter, instrument, parseDsn } from '@watchkeeper/sdk'
import { z } from 'zod'

const dsn = parseDsn(process.env.WATCHKEEPER_DSN ?? '')
if ('fault' in dsn) throw new Error(dsn.fault)
const emitter = new Emitter({ dsn, service: 'tickets', flushOnSigterm: true })

const server = new McpServer({ name: 'tickets', version: '1.0.0' })
server.registerTool(
  'read_ticket',
  { description: 'Reads a ticket', inputSchema: { id: z.number() }, annotations: { readOnlyHint: true } },
  async ({ id }) => ({ content: [{ type: 'text', text: `Ticket ${id}: the printer on floor 3 is out of toner.` }] }),
)

instrument(server, { emitter })
await server.connect(new StdioServerTransport())
