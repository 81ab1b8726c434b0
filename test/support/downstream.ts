/** A downstream HTTP service on a real socket, which remembers what it was asked. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Downstream {
  readonly url: string
  readonly port: number
  /** Path and query of each request, in order of arrival. */
  readonly paths: readonly string[]
  close(): Promise<void>
}

/** Answers `ok` where nothing else is given. Stop it with `close`. */
export async function startDownstream(
  answer: RequestListener = (_, response) => response.end('ok'),
  { host = '127.0.0.1', port = 0 } = {},
): Promise<Downstream> {
  const paths: string[] = []
  const server = createServer((request, response) => {
    paths.push(request.url ?? '')
    answer(request, response)
  })
  server.listen(port, host)
  await once(server, 'listening')
  const { port: taken } = server.address() as AddressInfo
  return {
    url: `http://${host}:${taken}`,
    port: taken,
    paths,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
