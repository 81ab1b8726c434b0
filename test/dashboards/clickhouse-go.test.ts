/**
 * Every panel, variable and alert rule asked by clickhouse-go, the client inside Grafana's data source, over the HTTP face of the engine:
 * it has to hear what our own client hears.
 */
import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { pipelineRules } from '../../dashboards/alerting.js'
import { dashboards } from '../../dashboards/index.js'
import type { Store } from '../../src/store/index.js'
import { incidentId, shown, storeOfTheDay } from '../support/dashboard-story.js'
import { expand } from '../support/grafana.js'
import { hex } from '../support/screen.js'
import { testReader } from '../support/store.js'
import { goProgram } from '../support/tools.js'

interface Answer {
  readonly rows?: readonly Readonly<Record<string, unknown>>[]
  readonly error?: string
}

interface Variable {
  readonly name: string
  readonly query: { readonly rawSql: string }
}

interface Queried {
  readonly title?: string
  readonly targets?: readonly { readonly rawSql?: string }[]
}

describe('clickhouse-go', () => {
  let store: Store
  let client: ChildProcessWithoutNullStreams | undefined
  let absent = ''
  const waiting: ((answer: Answer) => void)[] = []
  const ends: (() => unknown)[] = []

  before(async () => {
    const tool = await goProgram('clickhouse')
    if ('absent' in tool) {
      absent = tool.absent
      return
    }
    store = await storeOfTheDay({ after: (end) => void ends.push(end as () => unknown) })
    const [{ database = '' } = {}] = await store.query<{ database: string }>('SELECT currentDatabase() AS database')
    const { url, user, password } = await testReader()
    const started = spawn(tool.path, {
      env: {
        ...process.env,
        CLICKHOUSE_ADDRESS: new URL(url).host,
        CLICKHOUSE_DATABASE: database,
        CLICKHOUSE_USER: user,
        CLICKHOUSE_PASSWORD: password,
      },
    })
    started.stderr.pipe(process.stderr)
    createInterface({ input: started.stdout }).on('line', (line) => waiting.shift()?.(JSON.parse(line) as Answer))
    started.once('exit', (code) => {
      for (const answer of waiting.splice(0)) answer({ error: `clickhouse-go ended with ${code}` })
    })
    client = started
  })
  after(async () => {
    client?.stdin.end()
    for (const end of ends) await end()
  })

  const ask = (sql: string): Promise<Answer> =>
    new Promise((resolve) => {
      waiting.push(resolve)
      client?.stdin.write(`${JSON.stringify(sql)}\n`)
    })
  async function same(sql: string, name: string): Promise<number> {
    const { rows, error } = await ask(sql)
    assert.equal(error, undefined, `${name}: ${error}\n${sql}`)
    const ours = await store.query<Record<string, unknown>>(sql)
    assert.deepEqual(rows, ours, name)
    return ours.length
  }
  const check = (name: string, body: () => Promise<void>) =>
    it(name, async (t) => {
      if (client === undefined) return t.skip(absent)
      await body()
    })

  check('reads every type that our views have', async () => {
    await same(
      `SELECT toUInt8(1) AS a, toInt64(-5) AS b, toUInt64(18446744073709551615) AS c, 1.5 AS d, 'ä\\'\\\\' AS e, toLowCardinality('x') AS f,
         [1, 2] AS g, ['a'] AS h, map('k', 'v') AS i, toDateTime('2026-11-02 10:00:00', 'UTC') AS j,
         toDateTime64('2026-11-02 10:00:00.123456', 6, 'UTC') AS k, toUUID('5b8efff7-9803-8103-d269-b633813fc60c') AS l, true AS m,
         toNullable('n') AS n, CAST(NULL AS Nullable(UInt32)) AS o, toDate('2026-11-02') AS p, CAST('b' AS Enum8('a' = 1, 'b' = 2)) AS q`,
      'types',
    )
  })

  check('reads an answer of no rows, of many blocks, and of long texts', async () => {
    assert.equal(await same('SELECT tool FROM audit WHERE 0', 'none'), 0)
    assert.equal(await same("SELECT number, repeat('x', number % 1000) AS text FROM numbers(90000)", 'many'), 90_000)
  })

  check('hears why a statement failed, and goes on', async () => {
    const { error } = await ask('SELECT nonsense FROM audit')
    assert.match(String(error), /nonsense/)
    const denied = await ask('INSERT INTO migrations SELECT 9, 9, 9, 9')
    assert.notEqual(denied.error, undefined, 'the reader writes nothing')
    await same('SELECT 1 AS one', 'after it')
  })

  for (const { uid, panels = [], templating } of dashboards)
    check(`shows ${uid} as our own client does`, async () => {
      const view = {
        ...shown,
        intervalMs: 3_600_000,
        variables: { tenant: [hex('acme')], incident: incidentId, session: hex('c:conv-1') },
      }
      let rows = 0
      for (const { title = '', targets = [] } of panels as readonly Queried[])
        for (const { rawSql = '' } of targets) rows += await same(expand(rawSql, view), title)
      for (const { name, query } of (templating?.list ?? []) as unknown as readonly Variable[])
        rows += await same(expand(query.rawSql, { ...view, variables: {} }), name)
      assert.ok(rows > 5, 'something was compared')
    })

  check('evaluates the alert rules', async () => {
    for (const { sql, uid, range } of pipelineRules) {
      const asked = expand(sql, {
        fromMs: shown.toMs - range * 1000,
        toMs: shown.toMs,
        intervalMs: 60_000,
        variables: {},
      })
      // How full a disk is changes between two questions.
      if (uid === 'watchkeeper-disk') assert.equal((await ask(asked)).error, undefined)
      else await same(asked, uid)
    }
  })
})
