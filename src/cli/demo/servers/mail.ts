/** A mail server's tools. It is a play: what is sent stays in this process. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'
import { serveStdio } from './stdio.js'

const server = new McpServer({ name: 'mail', version: '1.8.2' })
server.registerTool(
  'send_mail',
  {
    description: 'Sends a mail.',
    inputSchema: { to: z.string(), subject: z.string(), body: z.string() },
    annotations: { readOnlyHint: false, openWorldHint: true },
  },
  async () => ({ content: [{ type: 'text', text: 'Sent.' }] }),
)
await serveStdio(server, 'demo-mail')
