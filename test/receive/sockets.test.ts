/** What only shows on real sockets: bodies that keep coming, senders that go away, a port that is taken. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import type { BusMessage } from '../../src/bus/index.js'
import { readConfig } from '../../src/config.js'
import { WatchkeeperError } from '../../src/errors.js'
import { startReceive } from '../../src/receive/index.js'
import { Telemetry } from '../../src/telemetry.js'
import { gate } from '../support/gate.js'
import { eventRecord, logsRequest } from '../support/otlp.js'
import { temporaryFolder, testReceiver } from '../support/receiver.js'

interface Started {
  readonly url: string
  readonly port: number
  readonly published: BusMessage[]
  readonly telemetry: Telemetry
  readonly close: () => Promise<void>
}

async function started(
  t: TestContext,
  settings: Parameters<typeof readConfig>[1] = {},
  publish?: (messages: readonly BusMessage[]) => Promise<void>,
): Promise<Started> {
  const dataDir = settings.dataDir ?? (await temporaryFolder(t))
  const published: BusMessage[] = []
  const telemetry = new Telemetry()
  const remember = async (messages: readonly BusMessage[]): Promise<void> => {
    published.push(...messages)
  }
  const receive = await startReceive({
    config: readConfig({}, { receivePort: 0, ...settings, dataDir }),
    bus: { publish: publish ?? remember },
    log: pino({ level: 'silent' }),
    telemetry,
    now: () => Date.now() * 1000,
  })
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    closed ??= receive.close()
    return closed
  }
  t.after(close)
  return { url: receive.address, port: Number(new URL(receive.address).port), published, telemetry, close }
}

const one = JSON.stringify(logsRequest([eventRecord({ eventId: 'e' })]))
const json = { 'content-type': 'application/json' }

test('a body that does not end is answered with 413 while it still comes', async (t) => {
  const { url } = await started(t, { receiveMaxBody: 65_536 })
  const sending = request(`${url}/v1/logs`, { method: 'POST', headers: json })
  sending.on('error', () => undefined)
  const answered = once(sending, 'response') as Promise<[IncomingMessage]>
  const piece = Buffer.alloc(16_384, ' ')
  let done = false
  const pump = (): void => {
    if (!done) sending.write(piece, () => setImmediate(pump))
  }
  pump()
  const [response] = await answered
  done = true
  assert.equal(response.statusCode, 413)
  const body = Buffer.concat(await response.toArray()).toString()
  assert.equal((JSON.parse(body) as { code: number }).code, 8)
  sending.destroy()
})

test('a body that is declared too large is answered with 413 before it is sent', async (t) => {
  const { url } = await started(t, { receiveMaxBody: 65_536 })
  const headers = { ...json, 'content-length': '1000000000' }
  const sending = request(`${url}/v1/logs`, { method: 'POST', headers })
  sending.on('error', () => undefined)
  sending.flushHeaders()
  const [response] = (await once(sending, 'response')) as [IncomingMessage]
  assert.equal(response.statusCode, 413)
  sending.destroy()
})

test('a sender that goes away in the middle leaves nothing behind', async (t) => {
  const { url, port, published, telemetry } = await started(t)
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(
    `POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n`,
  )
  socket.write(one.slice(0, 100))
  // The same connection is not read in order with another one: a whole request in between shows that ours was begun.
  assert.equal((await fetch(`${url}/v1/logs`, { method: 'POST', headers: json, body: one })).status, 200)
  socket.destroy()
  await once(socket, 'close')
  const refused = () => telemetry.counters().find(({ reason }) => reason === 'unreadable')?.value
  while (refused() === undefined)
    assert.equal((await fetch(`${url}/v1/logs`, { method: 'POST', headers: json, body: '{}' })).status, 200)
  assert.equal(published.length, 1)
  assert.equal(telemetry.gauges().get('receive_in_flight_bytes'), 0)
})

test('what is not HTTP is answered with a Status, too', async (t) => {
  const { port } = await started(t)
  const socket = connect(port, '127.0.0.1')
  socket.write('hello there\r\n\r\n')
  const answer = Buffer.concat(await socket.toArray()).toString()
  assert.match(answer, /^HTTP\/1\.1 400 /)
  assert.deepEqual(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)), {
    code: 3,
    message: 'this is not an HTTP request',
  })
})

test('without keys it listens on loopback whatever is set, and serves only who names it so', async (t) => {
  const { url, port } = await started(t, { receiveHost: '0.0.0.0' })
  assert.equal(new URL(url).hostname, '127.0.0.1')
  const statusFor = async (host: string): Promise<number | undefined> => {
    const sending = request({ port, path: '/v1/logs', method: 'POST', headers: { ...json, host } })
    sending.end('{}')
    const [response] = (await once(sending, 'response')) as [IncomingMessage]
    response.resume()
    return response.statusCode
  }
  for (const host of ['localhost', `localhost:${port}`, '127.0.0.1', '[::1]:4318', '127.9.9.9', 'wk.localhost'])
    assert.equal(await statusFor(host), 200, host)
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
    'localhost:1@evil.example',
    '10.0.0.1',
  ])
    assert.equal(await statusFor(host), 403, host)
})

test('without keys every record says that the development key was used', async (t) => {
  const { url, published } = await started(t)
  await fetch(`${url}/v1/logs`, { method: 'POST', headers: json, body: one })
  const [message] = published
  assert.ok(message?.type === 'event')
  assert.deepEqual([message.event.tenant, message.event.owner, message.event.role], ['default', 'development', 'agent'])
})

test('a port that is taken is a fault that says so', async (t) => {
  const { port } = await started(t)
  await assert.rejects(
    started(t, { receivePort: port }),
    (error) =>
      error instanceof WatchkeeperError && error.code === 'WK_PORT_IN_USE' && error.message.includes(`${port}`),
  )
})

test('closing answers what is in hand, refuses what comes on open connections, and ends', async (t) => {
  const [begun, held] = [gate(), gate()]
  const { url, close } = await started(t, {}, async () => {
    begun.open()
    await held.opened
  })
  const post = () => fetch(`${url}/v1/logs`, { method: 'POST', headers: json, body: one })
  const inHand = post()
  await begun.opened
  const closing = close()
  const late = await post()
  assert.equal(late.status, 503)
  assert.ok(late.headers.get('retry-after'))
  held.open()
  assert.equal((await inHand).status, 200)
  await closing
  await assert.rejects(post())
})

test('a sender that never finishes does not keep the service from stopping', async (t) => {
  const { app, receiver } = await testReceiver(t)
  const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const socket = connect(Number(url.port), url.hostname)
  socket.on('error', () => undefined)
  socket.write(
    `POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{`,
  )
  await once(app.server, 'request')
  const closed = once(socket, 'close')
  await receiver.drain(1)
  await closed
})

test('two receivers with one data folder have one pepper', async (t) => {
  const dataDir = await temporaryFolder(t)
  const record = eventRecord({ eventId: 'e', argFingerprints: [{ kind: 'name', hash: '00112233445566aa', leaf: 0 }] })
  const body = JSON.stringify(logsRequest([record]))
  const hashes: unknown[] = []
  for (let time = 0; time < 2; time += 1) {
    const receive = await started(t, { dataDir })
    await fetch(`${receive.url}/v1/logs`, { method: 'POST', headers: json, body })
    const [message] = receive.published
    hashes.push(message?.type === 'event' ? message.event.argFingerprints[0]?.hash : undefined)
  }
  assert.equal(hashes[0], hashes[1])
  assert.match(String(hashes[0]), /^[0-9a-f]{16}$/)
})
