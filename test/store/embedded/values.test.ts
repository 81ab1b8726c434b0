import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { clientOf, codeOf, rowsOf, runningEngine, withoutEngine } from '../../support/embedded.js'

const nasty = `quote ' double " back \\ tick \` newline \n tab \t return \r null-ish \\N '); DROP TABLE w.t; -- 🙂`

describe('values through the official client', { skip: withoutEngine }, () => {
  const running = runningEngine()
  const one = async (expression: string, value: unknown) => {
    const [row] = await rowsOf<{ v: unknown }>(running().service, `SELECT ${expression} AS v`, { x: value })
    return row?.v
  }
  before(async () => {
    await running().service.command({
      query: `CREATE TABLE t (id UInt64, s String, tags Array(String), attributes Map(LowCardinality(String), String),
        at DateTime64(6, 'UTC'), maybe Nullable(Float64)) ENGINE = MergeTree ORDER BY id`,
    })
  })

  test('text with quotes, line breaks and SQL in it is bound as it is', async () => {
    assert.equal(await one('{x:String}', nasty), nasty)
    assert.equal(await one('length({x:String})', 'ä€🙂'), 9)
  })

  test('lists, maps, null, big integers, dates and names are bound', async () => {
    assert.deepEqual(await one('{x:Array(String)}', [nasty, '', "']"]), [nasty, '', "']"])
    assert.deepEqual(await one('{x:Array(Array(UInt8))}', [[1], [], [2, 3]]), [[1], [], [2, 3]])
    assert.deepEqual(await one('{x:Map(String, String)}', { a: nasty, "b'": '' }), { a: nasty, "b'": '' })
    assert.equal(await one('{x:Nullable(String)}', null), null)
    assert.equal(await one('toString({x:UInt64})', 18446744073709551615n), '18446744073709551615')
    assert.equal(
      await one("toString({x:DateTime64(3, 'UTC')})", new Date('2026-11-24T03:20:00.123Z')),
      '2026-11-24 03:20:00.123',
    )
    const [row] = await rowsOf<{ n: string }>(
      running().service,
      'SELECT count() AS n FROM {db:Identifier}.{t:Identifier}',
      {
        db: 'w',
        t: 't',
      },
    )
    assert.equal(Number(row?.n), 0)
  })

  test('an identifier that is no identifier does not become SQL', async () => {
    const query = 'SELECT * FROM {t:Identifier}'
    const injected = { t: "t; DROP TABLE w.t; SELECT '" }
    assert.equal(await codeOf(running().service.query({ query, query_params: injected, format: 'JSONEachRow' })), 60)
  })

  test('a value that is missing or of another type is an error with ClickHouse’s code', async () => {
    const { service } = running()
    assert.equal(await codeOf(service.query({ query: 'SELECT {x:String}' })), 456)
    assert.equal(await codeOf(service.query({ query: 'SELECT {x:UInt8}', query_params: { x: 'one' } })), 457)
  })

  test('long lists are bound, in the URL and as a form', async () => {
    const list = Array.from({ length: 20_000 }, (_, index) => `session-${index}`)
    const query = 'SELECT length({x:Array(String)}) AS n, {x:Array(String)}[20000] AS last'
    const short = list.slice(0, 2_000)
    const [url] = await rowsOf<{ n: string }>(running().service, 'SELECT length({x:Array(String)}) AS n', { x: short })
    assert.equal(Number(url?.n), 2_000)
    for (const as of ['service', 'reader'] as const) {
      const client = clientOf(running().engine, as)
      const answer = await client.query({
        query,
        query_params: { x: list },
        format: 'JSONEachRow',
        use_multipart_params_auto: true,
      })
      assert.deepEqual(await answer.json(), [{ n: 20000, last: 'session-19999' }])
      await client.close()
    }
  })

  test('rows come back as they went in, whatever the format, with and without gzip', async () => {
    const { engine, service } = running()
    const rows = [
      {
        id: '1',
        s: nasty,
        tags: ['a', nasty],
        attributes: { k: nasty },
        at: '2026-11-24 03:20:00.123456',
        maybe: null,
      },
      { id: '18446744073709551615', s: '', tags: [], attributes: {}, at: '1970-01-01 00:00:00.000000', maybe: -0.5 },
    ]
    const settings = { output_format_json_quote_64bit_integers: 1 } as const
    for (const gzip of [false, true]) {
      const client = clientOf(engine, 'service', { gzip })
      await service.command({ query: 'TRUNCATE TABLE t' })
      const { summary } = await client.insert({ table: 't', values: rows, format: 'JSONEachRow' })
      assert.equal(summary?.written_rows, '2')
      for (const format of ['JSONEachRow', 'JSON'] as const) {
        const answer = await client.query({
          query: 'SELECT * FROM t ORDER BY id',
          format,
          clickhouse_settings: settings,
        })
        const got = (await answer.json()) as unknown
        assert.deepEqual(format === 'JSON' ? (got as { data: unknown }).data : got, rows)
      }
      await client.close()
    }
  })

  test('times are UTC wherever the machine is', async () => {
    assert.deepEqual(await rowsOf(running().service, 'SELECT timezone() AS z, toString(toDateTime(0)) AS t'), [
      { z: 'UTC', t: '1970-01-01 00:00:00' },
    ])
  })
})
