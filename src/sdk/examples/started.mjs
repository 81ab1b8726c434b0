// Everything in one line: OpenTelemetry is set up, and every client and server of the installed MCP SDK is watched.
//     WATCHKEEPER_DSN=… node started.mjs
// Without any line, for a program as it is:  node --import @watchkeeper/sdk/register program.mjs
import { Client, InMemoryTransport } from '@modelcontextprotocol/client'
import { McpServer } from '@modelcontextprotocol/server'
import { start } from '@watchkeeper/sdk/start'

const watch = await start({ service: 'started' })

const server = new McpServer({ name: 'clock', version: '1.0.0' })
server.registerTool('what_time', {}, async () => ({ content: [{ type: 'text', text: 'noon' }] }))
const client = new Client({ name: 'desk', version: '1.0.0' })
const [left, right] = InMemoryTransport.createLinkedPair()
await Promise.all([server.connect(right), client.connect(left)])
const { content } = await client.callTool({ name: 'what_time' })
console.error(content[0].text)

await client.close()
await watch.shutdown()
