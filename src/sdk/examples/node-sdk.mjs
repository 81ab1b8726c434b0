// A program that sets OpenTelemetry up itself: one more instrumentation, and the calls are audit records, spans and durations.
//     WATCHKEEPER_DSN=… OTEL_TRACES_EXPORTER=console OTEL_METRICS_EXPORTER=none node node-sdk.mjs
import { NodeSDK } from '@opentelemetry/sdk-node'
import { McpInstrumentation } from '@watchkeeper/sdk/instrumentation'

const mcp = new McpInstrumentation()
const sdk = new NodeSDK({ instrumentations: [mcp] })
sdk.start()
await mcp.ready

const { Client } = await import('@modelcontextprotocol/sdk/client/index.js')
const { InMemoryTransport } = await import('@modelcontextprotocol/sdk/inMemory.js')
const { McpServer } = await import('@modelcontextprotocol/sdk/server/mcp.js')

const server = new McpServer({ name: 'library', version: '1.0.0' })
server.registerTool('find_book', {}, async () => ({ content: [{ type: 'text', text: 'second shelf' }] }))
const client = new Client({ name: 'desk', version: '1.0.0' })
const [left, right] = InMemoryTransport.createLinkedPair()
await Promise.all([server.connect(right), client.connect(left)])
const { content } = await client.callTool({ name: 'find_book' })
console.error(content[0].text)

await client.close()
await mcp.flush()
await sdk.shutdown()
