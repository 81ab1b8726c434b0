/** A calendar, reached in the assistant's own process. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'

export function calendarServer(): McpServer {
  const events = ['09:30 stand-up', '11:00 call with Lind & Sons', '15:00 review of open tickets']
  const server = new McpServer({ name: 'calendar', version: '1.0.4' })
  server.registerTool(
    'list_events',
    {
      description: 'Lists the events of a day.',
      inputSchema: { day: z.string() },
      annotations: { readOnlyHint: true },
    },
    async () => ({ content: [{ type: 'text', text: events.join('\n') }] }),
  )
  server.registerTool(
    'create_event',
    { description: 'Adds an event.', inputSchema: { day: z.string(), time: z.string(), title: z.string() } },
    async ({ time, title }) => {
      events.push(`${time} ${title}`)
      return { content: [{ type: 'text', text: `Added "${title}".` }] }
    },
  )
  return server
}
