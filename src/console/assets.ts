/** Style, script and icon of the pages: files of ours, from memory. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { FastifyPluginAsync } from 'fastify'

/** From the package's root: the compiler does not copy them. */
const folder = new URL('../../../src/console/pages/assets/', import.meta.url)

const types: Readonly<Record<string, string>> = {
  'console.css': 'text/css; charset=utf-8',
  'console.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
}

export const assetRoutes: FastifyPluginAsync = async (app) => {
  for (const [name, type] of Object.entries(types)) {
    const content = await readFile(new URL(name, folder))
    const tag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 16)}"`
    app.get(`/assets/${name}`, { schema: { hide: true } }, async (request, reply) => {
      // Asked for with each page, sent anew with each version.
      reply.header('cache-control', 'public, no-cache').header('etag', tag).type(type)
      return request.headers['if-none-match'] === tag ? reply.code(304).send() : reply.send(content)
    })
  }
}
