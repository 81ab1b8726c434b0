/** Pages that a test made, under the headers that the console sends, and with its assets. */
import { readFile } from 'node:fs/promises'
import type { TestContext } from 'node:test'
import helmet from '@fastify/helmet'
import { fastify } from 'fastify'
import { headers } from '../../src/console/headers.js'
import { fromRoot } from './root.js'

const types: Readonly<Record<string, string>> = {
  'console.css': 'text/css; charset=utf-8',
  'console.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
}

export interface PageServer {
  readonly origin: string
  urlOf(name: string): string
}

/** `unguarded` leaves the Content-Security-Policy out, so that escaping stands alone. */
export async function servePages(
  t: Pick<TestContext, 'after'>,
  pages: ReadonlyMap<string, string>,
  { unguarded = false } = {},
): Promise<PageServer> {
  // A browser opens connections for later, and they would hold the server open.
  const app = fastify({ logger: false, forceCloseConnections: true })
  t.after(() => app.close())
  if (!unguarded) await app.register(helmet, headers(undefined))
  app.get<{ Params: { name: string } }>('/assets/:name', async ({ params: { name } }, reply) => {
    const type = types[name]
    if (type === undefined) return reply.code(404).send()
    return reply.type(type).send(await readFile(fromRoot(`src/console/pages/assets/${name}`)))
  })
  app.get<{ Params: { name: string } }>('/pages/:name', async ({ params: { name } }, reply) =>
    reply.type('text/html; charset=utf-8').send(pages.get(name)),
  )
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  return { origin, urlOf: (name) => `${origin}/pages/${encodeURIComponent(name)}` }
}
