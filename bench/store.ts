/**
 * How fast the store keeps events, and how fast it answers, on this machine: `node dist/bench/store.js [events] [batch]`.
 * Its numbers are worth something as ratios between two runs on one machine, not by themselves.
 */
import { createHash } from 'node:crypto'
import { producerEvent } from '@watchkeeper/sdk/event'
import { pino } from 'pino'
import type { AuditEvent } from '../src/audit-event.js'
import { auditEventOf } from '../src/audit-event.js'
import { openScratchStore } from '../src/store/index.js'

const [total = 200_000, size = 10_000] = process.argv.slice(2).map(Number)
const hour = 3_600_000_000
const start = Math.floor((Date.now() * 1000 - 24 * hour) / hour) * hour

/** Not random, so that two runs store the same. */
const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Event `number` of a day with `total` of them: 20 calls a session, both sides of every call, 20 values a call. */
function event(number: number): AuditEvent {
  const call = Math.floor(number / 2)
  const session = Math.floor(call / 20)
  const client = number % 2 === 0
  const id = digest(`call ${call}`)
  const endedAt = start + Math.floor((call / total) * 2 * 24 * hour)
  const fingerprints = (place: string) =>
    Array.from({ length: 10 }, (_, index) => ({
      kind: index < 7 ? ('id' as const) : ('number' as const),
      hash: digest(`${place} ${call} ${index}`).slice(0, 16),
      leaf: index,
    }))
  const said = producerEvent({
    kind: 'call',
    eventId: `${client ? 'c' : 's'}${id.slice(0, 30)}`,
    producerId: client ? `desk-${session % 50}` : `crm-${call % 5}`,
    sequence: call,
    startedAt: endedAt - 20_000 - (call % 100) * 1000,
    endedAt,
    conversationId: client ? `conversation-${session}` : '',
    traceId: digest(`session ${session}`).slice(0, 32),
    spanId: id.slice(0, 16),
    side: client ? 'client' : 'server',
    clientName: 'desk',
    serverName: `server-${call % 20}`,
    transport: 'http',
    subject: `user-${session % 500}`,
    method: 'tools/call',
    requestId: String(call),
    tool: `tool_${call % 60}`,
    outcome: call % 50 === 0 ? 'tool_error' : 'ok',
    scopes: ['read', 'write'],
    argBytes: 300 + (call % 1000),
    argDigest: id,
    argFingerprints: fingerprints('argument'),
    resultBytes: 2000 + (call % 5000),
    resultDigest: id,
    resultFingerprints: fingerprints('result'),
    destinations: call % 4 === 0 ? [`host-${call % 30}.example`] : [],
    keyId: 'k1',
  })
  return auditEventOf(said, {
    tenant: `tenant-${session % 3}`,
    owner: client ? 'key-c' : 'key-s',
    role: client ? 'agent' : 'server',
    form: 'event',
    receivedAt: endedAt + 1_000_000,
  })
}

const say = (text: string): boolean => process.stdout.write(`${text}\n`)

async function median(name: string, run: () => Promise<unknown>, times = 5): Promise<void> {
  const taken: number[] = []
  for (let index = 0; index < times; index++) {
    const from = performance.now()
    await run()
    taken.push(performance.now() - from)
  }
  taken.sort((one, other) => one - other)
  say(`${name}: ${(taken[Math.floor(times / 2)] ?? 0).toFixed(1)} ms (${times} runs)`)
}

const store = await openScratchStore({ log: pino({ level: 'warn' }), now: () => Date.now() * 1000 })
try {
  let spent = 0
  for (let from = 0; from < total; from += size) {
    const batch = Array.from({ length: Math.min(size, total - from) }, (_, index) => event(from + index))
    const began = performance.now()
    await store.insertEvents(batch)
    spent += performance.now() - began
  }
  say(`insertEvents: ${Math.round((total / spent) * 1000)} events/s in batches of ${size}`)
  const session = Math.floor(total / 80)
  const key = `c:conversation-${session}`
  const tenant = `tenant-${session % 3}`
  const [keys = [key]] = await store.resolveSessions([{ tenant, key }])
  const many = Array.from({ length: 100 }, (_, index) => ({
    tenant: 'tenant-0',
    keys: [`c:conversation-${index * 3}`],
    from: start,
    to: start + 24 * hour,
    limit: 500,
  }))
  const one = { tenant, keys, from: start, to: start + 25 * hour, limit: 500 }
  say(`session of ${(await store.sessionEvents([one]))[0]?.length} events`)
  await median('one session', () => store.sessionEvents([one]))
  await median('100 sessions', () => store.sessionEvents(many))
  await median('resolve one key', () => store.resolveSessions([{ tenant, key }]))
  await median('count of audit', () => store.query('SELECT count() FROM audit'))
  await median('count of audit, one tenant, one hour', () =>
    store.query(
      'SELECT count() FROM audit WHERE tenant = {tenant:String} AND kept_at >= {from:DateTime64(6)} AND kept_at < {from:DateTime64(6)} + INTERVAL 1 HOUR',
      {
        tenant,
        from: new Date(start / 1000 + 3_600_000),
      },
    ),
  )
  await median('calls by tool, all', () => store.query('SELECT tool, count() FROM audit GROUP BY tool'))
  await median('one trace', () =>
    store.query('SELECT record_id FROM audit WHERE trace_id = {trace:String}', {
      trace: digest(`session ${session}`).slice(0, 32),
    }),
  )
  await median('rollups of the day', () => store.refreshRollups(), 1)
  await median(
    'sweep of the last hour',
    () => store.sweepShadowed((Date.now() - 3_600_000) * 1000, Date.now() * 1000),
    1,
  )
  const [disk] = await store.query<{ bytes: number }>(
    'SELECT sum(bytes_on_disk) / (SELECT count() FROM records) AS bytes FROM system.parts WHERE active AND database = currentDatabase()',
  )
  say(`on disk: ${Math.round(disk?.bytes ?? 0)} bytes an event, all tables`)
} finally {
  await store.close()
}
