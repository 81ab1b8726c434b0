// The same with SDK v2 and a web-standard handler: Hono, Workers, Deno, or Node by an adapter. One tool wants a scope of its own.
//     WATCHKEEPER_DSN=… PORT=3001 node web-server.mjs

import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { createMcpHandler, McpServer, requireBearerAuth, requireScopes } from '@modelcontextprotocol/server'
import { Emitter, instrument, parseDsn } from '@watchkeeper/sdk'
import { watchServer } from '@watchkeeper/sdk/http'

const dsn = parseDsn(process.env.WATCHKEEPER_DSN ?? '')
if ('fault' in dsn) throw new Error(dsn.fault)
const emitter = new Emitter({ dsn, service: 'weather', flushOnSigterm: true })
const hooks = watchServer({ emitter, serverName: 'weather' })

const { fetch: serve } = createMcpHandler(() => {
  const server = instrument(new McpServer({ name: 'weather', version: '1.0.0' }), { emitter })
  server.registerTool('forecast', {}, async () => ({ content: [{ type: 'text', text: '12 degrees' }] }))
  // Without the scope the SDK answers 403 and names it, before a tool is called: only the hook sees that.
  server.registerTool('sound_alarm', { scopeChallenge: requireScopes('alarms') }, async () => ({
    content: [{ type: 'text', text: 'it sounds' }],
  }))
  return server
})

const gate = requireBearerAuth({
  verifier: hooks.verifier({
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
  }),
  requiredScopes: ['weather'],
})

const handler = async (request) => {
  const caller = await gate(request)
  return caller instanceof Response ? caller : serve(request, { authInfo: caller })
}

// Outermost, so that what the gate refuses is seen as well.
const server = createServer(getRequestListener(hooks.web(handler)))
server.listen(Number(process.env.PORT ?? 3001), '127.0.0.1', () =>
  console.error(`listening on ${server.address().port}`),
)
