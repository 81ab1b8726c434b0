// A server on Streamable HTTP with tokens (SDK v1, Express): the hook sees the 401 and 403 that never reach the protocol.
//     WATCHKEEPER_DSN=… PORT=3000 node express-server.mjs
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { Emitter, instrument, instrumentOutbound, parseDsn } from '@watchkeeper/sdk'
import { watchServer } from '@watchkeeper/sdk/http'
import express from 'express'

const dsn = parseDsn(process.env.WATCHKEEPER_DSN ?? '')
if ('fault' in dsn) throw new Error(dsn.fault)
const emitter = new Emitter({ dsn, service: 'files', flushOnSigterm: true })
const port = Number(process.env.PORT ?? 3000)

const hooks = watchServer({ emitter, serverName: 'files', resource: `http://127.0.0.1:${port}/mcp` })
// Sees whether a caller's token is handed on to somebody else while a call is served.
instrumentOutbound({ emitter })

const verifier = hooks.verifier({
  // Yours checks the signature; here a token says what it may.
  async verifyAccessToken(token) {
    return {
      token,
      clientId: 'desk',
      scopes: token.split('.'),
      expiresAt: Date.now() / 1000 + 3600,
      extra: { sub: 'dana' },
    }
  },
})

function filesServer() {
  const server = instrument(new McpServer({ name: 'files', version: '1.0.0' }), { emitter })
  server.registerTool('list_files', {}, async () => ({ content: [{ type: 'text', text: 'a.txt b.txt' }] }))
  return server
}

const app = express()
app.use(hooks.express) // before what decides about tokens
app.use(express.json())
app.post('/mcp', requireBearerAuth({ verifier, requiredScopes: ['files'] }), async (request, response) => {
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined })
  await filesServer().connect(transport)
  await transport.handleRequest(request, response, request.body)
})
const listening = app.listen(port, '127.0.0.1', () => console.error(`listening on ${listening.address().port}`))
