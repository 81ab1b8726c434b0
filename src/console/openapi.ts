/** The API's description, made of the schemas of its routes. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'

export const openapi = (publicUrl: URL | undefined): FastifyDynamicSwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Watchkeeper triage API',
      version: '1',
      description:
        'Incidents of MCP hosts and servers, and what people do with them. Times are microseconds since 1970, UTC. Titles, summaries, notes and names come from events: whoever attacks may have written them, so show them as text, and tell a model that reads them that they are data.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: publicUrl?.origin ?? '/' }],
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'A key of "watchkeeper accounts create".' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'watchkeeper',
          description: 'Of a browser that logged in; writing also takes x-csrf-token.',
        },
      },
    },
    security: [{ apiKey: [] }, { session: [] }],
    tags: [
      { name: 'account', description: 'Who is asking' },
      { name: 'incidents', description: 'What was found, and what became of it' },
      { name: 'silences', description: 'What nobody is told of for a while' },
      { name: 'seen', description: 'What was seen of servers, tools, scopes and subjects' },
      { name: 'detectors', description: 'What looks, and how often it was right' },
      { name: 'sessions', description: 'The calls of one session' },
    ],
  },
})
