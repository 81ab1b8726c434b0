// The same with SDK v2 and a web-standard handler: Hono, Workers, Deno, or Node by an adapter.
//     WATCHKEEPER_DSN=… PORT=3001 node web-server.mjs

import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { Emitter, instrument, parseDsn } from '@watchkeeper/sdk'
import { watchServer } from '@watchkeeper/sdk/http'

const dsn = parseDsn(process.env.WATCHKEEPER_DSN ?? '')
if ('fault' in dsn) throw new Error(dsn.fault)
const emitter = new Emitter({ dsn, service: 'weather', flushOnSigterm: true })
const hooks = watchServer({ emitter, serverName: 'weather' })

const { fetch } = createMcpHandler(() => {
  const server = instrument(new McpServer({ name: 'weather', version: '1.0.0' }), { emitter })
  server.registerTool('forecast', {}, async () => ({ content: [{ type: 'text', text: '12 degrees' }] }))
  return server
})

const server = createServer(getRequestListener(hooks.web(fetch)))
server.listen(Number(process.env.PORT ?? 3001), '127.0.0.1', () =>
  console.error(`listening on ${server.address().port}`),
)
