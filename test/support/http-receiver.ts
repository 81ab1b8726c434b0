/** A real HTTP server on loopback that behaves as told and keeps what it was sent. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export interface Received {
  /** With the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface HttpReceiver {
  readonly url: string
  readonly received: readonly Received[]
  /** CloudEvents ids in the order they came. */
  ids(): readonly string[]
  /** How every further request is answered. */
  answer: (response: ServerResponse, request: Received) => void
  /** Frees the port. */
  close(): Promise<void>
}

export const answers = {
  ok: (response: ServerResponse): void => void response.writeHead(204).end(),
  status:
    (status: number, headers: Readonly<Record<string, string>> = {}) =>
    (response: ServerResponse): void =>
      void response.writeHead(status, headers).end('answer'),
  /** Takes the request and never says anything. */
  silent: (): void => undefined,
  /** Says 200 and half of what it promised, then hangs up. */
  half: (response: ServerResponse): void => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('half', () => response.destroy())
  },
  /** Says 200 and then nothing more. */
  stalled: (response: ServerResponse): void => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('half')
  },
  hangUp: (response: ServerResponse): void => void response.destroy(),
}

export async function httpReceiver(t: TestContext, answer: HttpReceiver['answer'] = answers.ok): Promise<HttpReceiver> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const got = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() }
    received.push(got)
    receiver.answer(response, got)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const receiver: HttpReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    ids: () => received.map(({ body }) => (JSON.parse(body) as { readonly id: string }).id),
    answer,
    async close() {
      server.closeAllConnections()
      if (server.listening) await new Promise((closed) => server.close(closed))
    },
  }
  t.after(receiver.close)
  return receiver
}
