/**
 * How long each panel takes on many events: `node dist/bench/panels.js [EVENTS] [DAYS] [ROUNDS]`. The engine makes the rows itself (calls of
 * both sides, 20 a session; then the rollups as the service makes them). Each panel is asked for the range its dashboard opens with, all
 * tenants; the figures are medians of the rounds after one that warms up: the time, and the processor time of the engine, which others on
 * the machine change little. `WATCHKEEPER_BENCH_DIR` keeps the data for a second run.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { dashboards } from '../dashboards/index.js'
import { readConfig } from '../src/config.js'
import { openStore, type Store } from '../src/store/index.js'
import { expand } from '../test/support/grafana.js'

const [events = 1_000_000, days = 30, rounds = 5] = process.argv.slice(2).map(Number)
const day = 86_400
const kept = process.env['WATCHKEEPER_BENCH_DIR']
const dataDir = kept ?? join(tmpdir(), `watchkeeper-panels-${process.pid}`)
const fresh = !existsSync(join(dataDir, 'clickhouse'))
/** A fixed end, so that data of an earlier run fits. */
const endMs = Math.floor(Date.now() / (day * 1000)) * day * 1000

/** Both sides of each call: the even one is the client's, and the server's is marked as standing behind it. */
const eventsOf = (dayNumber: number, count: number): string => `
INSERT INTO events (tenant, owner, role, form, record_id, content_hash, call_key, session_key, session_source, kept_at, received_at, stored_at,
  trusted, kind, event_id, started_at, ended_at, producer_id, sequence, source, source_version, conversation_id, trace_id, span_id, side,
  client_name, server_name, server_version, server_address, transport, subject, scopes, scopes_granted, scopes_requested, audience, issuer,
  method, request_id, tool, outcome, decision, arg_bytes, arg_digest, arg_capture, destinations, verbs, result_bytes, result_digest,
  result_capture, arg_secret_kinds, capture_version, key_id, shadow)
WITH intDiv(number, 2) AS call, number % 2 = 0 AS client, intDiv(call, 20) + ${dayNumber} * 1000000 AS session,
  fromUnixTimestamp64Micro(toInt64(${endMs / 1000 - (days - dayNumber) * day} * 1000000 + intDiv(call * ${day} * 1000000, ${Math.ceil(count / 2)}))) AS at,
  hex(sipHash128(number, ${dayNumber})) AS id
SELECT concat('tenant-', toString(session % 3)), concat('key-', toString(session % 30)), if(client, 'agent', 'server'), 'event',
  toUUID(concat(substring(id, 1, 8), '-', substring(id, 9, 4), '-', substring(id, 13, 4), '-', substring(id, 17, 4), '-', substring(id, 21, 12))),
  sipHash64(number, ${dayNumber}), reinterpretAsUUID(sipHash128(call, ${dayNumber})), concat('c:conversation-', toString(session)), 'conversation', at,
  at + INTERVAL 1 SECOND, at + INTERVAL 2 SECOND, true, multiIf(call % 200 = 0, 'elevation', call % 211 = 0, 'authorization', 'call'), id,
  at - toIntervalMillisecond(20 + call % 500), at, concat('producer-', toString(session % 120)), call, '@watchkeeper/sdk', '0.1.0',
  concat('conversation-', toString(session)), substring(id, 1, 32), substring(id, 1, 16), if(client, 'client', 'server'), 'desk',
  concat('server-', toString(call % 20)), '1.0.0', concat('server-', toString(call % 20), '.corp.example'), 'http',
  concat('user-', toString(session % 500)), ['read', 'write'], if(call % 200 = 0, ['read', 'write', 'admin'], []), if(call % 200 = 0, ['admin'], []),
  'https://crm.corp.example', 'https://login.corp.example', 'tools/call', toString(call), concat('tool_', toString(call % 60)),
  multiIf(call % 50 = 0, 'tool_error', call % 333 = 0, 'denied', 'ok'), if(call % 333 = 0, 'denied', ''), 300 + call % 1000, id, 'full',
  if(call % 4 = 0, [concat('host-', toString(call % 300), '.example')], []), ['read'], 2000 + call % 5000, id, 'full',
  if(call % 5000 = 0, ['api_key'], []), '1', 'k1', if(client, '', 'same_call')
FROM numbers(${count})`

const others: readonly string[] = [
  `INSERT INTO session_links (tenant, key, other, stronger, rank, hearsay, first_at, last_at)
   SELECT tenant, session_key, session_key, true, 1, false, min(kept_at), max(kept_at) FROM events GROUP BY tenant, session_key`,
  `INSERT INTO dirty_hours (hour, marked_at) SELECT DISTINCT toStartOfHour(kept_at), now64(6, 'UTC') - INTERVAL 1 HOUR FROM events`,
  `INSERT INTO pipeline_counters (at, host, stage, name, reason, value)
   WITH intDiv(number, 60) AS minute, number % 60 AS counter
   SELECT fromUnixTimestamp64Micro(toInt64((${endMs / 1000} - minute * 60) * 1000000)), concat('host-', toString(counter % 6)),
     ['receive', 'bus', 'store', 'detect', 'alert'][intDiv(counter, 12) + 1], ['received', 'sent'][intDiv(counter, 6) % 2 + 1], '',
     100000000 - minute * 100
   FROM numbers(${days * 1440 * 60})`,
  `INSERT INTO detector_runs (detector, tenant, started_at, duration_us, sessions, findings, outcome, reason)
   SELECT concat('detector-', toString(number % 40)), '', fromUnixTimestamp64Micro(toInt64((${endMs / 1000} - intDiv(number, 40) * 60) * 1000000)), 1000 + number % 100000, 5, 0, 'ok', ''
   FROM numbers(${days * 1440 * 40})`,
]

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** Of /proc: fields after the command's closing bracket, from the state on. */
const statOf = (pid: string): readonly string[] =>
  readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
/** The engine is our child. Linux only; elsewhere no processor time is told. */
function engineProcess(): string | undefined {
  if (!existsSync('/proc/self/stat')) return undefined
  return readdirSync('/proc').find((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      return statOf(pid)[1] === String(process.pid)
    } catch {
      return false
    }
  })
}
/** Milliseconds; the kernel counts in hundredths of a second. */
const processorTime = (pid: string | undefined): number => {
  if (pid === undefined) return Number.NaN
  const stat = statOf(pid)
  return (Number(stat[11]) + Number(stat[12])) * 10
}

async function fill(store: Store): Promise<void> {
  for (let one = 0; one < days; one += 1) await store.command(eventsOf(one, Math.ceil(events / days)))
  for (const statement of others) await store.command(statement)
  await store.refreshRollups()
  // As the engine does an hour after a day got its last record; the last day stays as it came.
  for (const { partition = '' } of await store.query<{ partition: string }>(
    `SELECT DISTINCT partition FROM system.parts
     WHERE database = currentDatabase() AND table = 'events' AND active AND partition < toString(toDate({end:UInt32}) - 1)`,
    { end: endMs / 1000 },
  ))
    await store.command(`OPTIMIZE TABLE events PARTITION '${partition}' FINAL`)
}

interface Queried {
  readonly title?: string
  readonly targets?: readonly { readonly rawSql?: string }[]
}

const hours = (since: string): number => {
  const [, amount = '24', unit = 'h'] = /^now-(\d+)([hd])$/.exec(since) ?? []
  return Number(amount) * (unit === 'd' ? 24 : 1)
}

const config = { ...readConfig({}), dataDir, retentionDays: 3650 }
const store = await openStore({ config, log: pino({ level: 'silent' }), now: () => Date.now() * 1000, engine: 'own' })
try {
  const began = performance.now()
  if (fresh) await fill(store)
  const [{ n = '' } = {}] = await store.query<{ n: string }>('SELECT count() AS n FROM events')
  process.stdout.write(`${n} events over ${days} days, made in ${((performance.now() - began) / 1000).toFixed(0)} s\n`)
  const measured: { readonly name: string; readonly ms: number; readonly cpu: number }[] = []
  const engine = engineProcess()
  // One that is in every range that a dashboard opens with.
  const [{ session = '' } = {}] = await store.query<{ session: string }>(
    'SELECT hex(session_key) AS session FROM events WHERE kept_at >= toDateTime({end:UInt32}) - INTERVAL 12 HOUR LIMIT 1',
    { end: endMs / 1000 },
  )
  for (const { uid = '', panels = [], time } of dashboards)
    for (const { title = '', targets = [] } of panels as readonly Queried[])
      for (const { rawSql = '' } of targets) {
        const fromMs = endMs - hours(time?.from ?? 'now-24h') * 3_600_000
        const view = { fromMs, toMs: endMs, intervalMs: 600_000, variables: { incident: '', session } }
        const sql = expand(rawSql, view)
        const times: number[] = []
        const processor: number[] = []
        for (let round = 0; round <= rounds; round += 1) {
          const [start, before] = [performance.now(), processorTime(engine)]
          await store.query(sql, {}, { timeoutMs: 120_000 })
          if (round === 0) continue
          times.push(performance.now() - start)
          processor.push(processorTime(engine) - before)
        }
        measured.push({
          name: `${uid.replace('watchkeeper-', '')} / ${title} (${time?.from})`,
          ms: median(times),
          cpu: median(processor),
        })
      }
  measured.sort((a, b) => b.ms - a.ms)
  for (const { name, ms, cpu } of measured)
    process.stdout.write(`${ms.toFixed(0).padStart(7)} ms ${cpu.toFixed(0).padStart(7)} ms CPU  ${name}\n`)
  process.stdout.write(`${measured.filter(({ ms }) => ms <= 300).length} of ${measured.length} panels within 300 ms\n`)
} finally {
  await store.close()
  if (kept === undefined) await rm(dataDir, { recursive: true, force: true })
}
