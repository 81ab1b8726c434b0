// What the stock adapter of chDB gets wrong, measured: settings that stick and lose rows, insert bodies that run as SQL,
// binary bodies that change, several statements in one, bound values that clobber each other.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { before, describe, test } from 'node:test'
import { codeOf, rowsOf, runningEngine, withoutEngine } from '../../support/embedded.js'

describe('the traps of an embedded engine', { skip: withoutEngine }, () => {
  const running = runningEngine()
  before(async () => {
    await running().service.command({ query: 'CREATE TABLE victim (a UInt8) ENGINE = MergeTree ORDER BY a' })
    await running().service.command({ query: 'CREATE TABLE bytes (b String) ENGINE = MergeTree ORDER BY tuple()' })
    await running().service.command({
      query: `CREATE TABLE texts (id UInt32, s String) ENGINE = MergeTree ORDER BY id
        SETTINGS non_replicated_deduplication_window = 100`,
    })
  })
  const fresh = () => running().service.command({ query: 'TRUNCATE TABLE texts' })
  const victims = () => rowsOf(running().service, "SELECT name FROM system.tables WHERE name = 'victim'")

  test('a setting ends with its query: a deduplication token does not swallow the next inserts', async () => {
    await fresh()
    const { service } = running()
    const insert = (id: number, token?: string) =>
      service.insert({
        table: 'texts',
        values: [{ id, s: 'same' }],
        format: 'JSONEachRow',
        clickhouse_settings: token === undefined ? {} : { insert_deduplication_token: token },
      })
    await insert(1, 'k1')
    await insert(2, 'k1')
    await insert(3)
    await insert(4)
    assert.deepEqual(await rowsOf(service, 'SELECT id FROM texts ORDER BY id'), [{ id: 1 }, { id: 3 }, { id: 4 }])
  })

  test('a setting of one query is the default again in the next', async () => {
    const { service } = running()
    const threads = async (settings: Record<string, string>) => {
      const query = "SELECT toString(getSetting('max_threads')) AS n"
      return await (await service.query({ query, format: 'JSONEachRow', clickhouse_settings: settings })).json<{
        n: string
      }>()
    }
    const [before] = await threads({})
    assert.deepEqual(await threads({ max_threads: '7' }), [{ n: '7' }])
    assert.deepEqual(await threads({}), [before])
  })

  for (const [format, body] of [
    ['CSV', '1,"x\n\nDROP TABLE w.victim"\n'],
    ['JSONEachRow', '{"id":1,"s":"x"}\n\nDROP TABLE w.victim\n'],
    ['Values', "(1, 'x\n\nDROP TABLE w.victim;')"],
  ] as const) {
    test(`a blank line in ${format} data never begins a statement`, async () => {
      await fresh()
      const response = await post(`INSERT INTO w.texts FORMAT ${format}`, body)
      const inline = await post('', `INSERT INTO w.texts FORMAT ${format}\n${body}`)
      assert.equal(response.status, inline.status)
      assert.equal((await victims()).length, 1)
      if (format === 'JSONEachRow') return
      assert.equal(response.status, 200)
      const s = format === 'CSV' ? 'x\n\nDROP TABLE w.victim' : 'x\n\nDROP TABLE w.victim;'
      assert.deepEqual(await rowsOf(running().service, 'SELECT DISTINCT s FROM texts'), [{ s }])
    })
  }

  test('a stream of CSV through the client keeps its blank lines', async () => {
    await fresh()
    const values = Readable.from(['1,"a\n\n', 'DROP TABLE w.victim"\n'], { objectMode: false })
    await running().service.insert({ table: 'texts', values, format: 'CSV' })
    assert.deepEqual(await rowsOf(running().service, 'SELECT * FROM texts'), [{ id: 1, s: 'a\n\nDROP TABLE w.victim' }])
    assert.equal((await victims()).length, 1)
  })

  test('binary bodies arrive byte for byte, blank lines, NULs and broken UTF-8 in them', async () => {
    const { service } = running()
    for (let round = 0; round < 5; round += 1) {
      await service.command({ query: 'TRUNCATE TABLE bytes' })
      const value = Buffer.concat([
        randomBytes(200_000),
        Buffer.from('\n\n\0;DROP TABLE w.victim;\n\n\xff\xfe', 'latin1'),
      ])
      const body = Buffer.concat([varint(value.length), value])
      const apart = round % 2 === 0
      const head = 'INSERT INTO w.bytes FORMAT RowBinary'
      const response = apart ? await post(head, body) : await post('', Buffer.concat([Buffer.from(`${head}\n`), body]))
      assert.equal(response.status, 200)
      assert.deepEqual(await rowsOf(service, 'SELECT hex(b) AS b FROM bytes'), [
        { b: value.toString('hex').toUpperCase() },
      ])
    }
  })

  test('several statements in one request are refused and none of them runs', async () => {
    const { service, reader } = running()
    for (const client of [service, reader])
      for (const query of ['SELECT 1; DROP TABLE victim', 'SELECT 1;\n\nSELECT 2', 'DROP TABLE victim; SELECT 1'])
        assert.equal(await codeOf(client.query({ query, format: 'JSONEachRow' })), 62)
    assert.equal((await victims()).length, 1)
  })

  test('a statement may end in a semicolon', async () => {
    const { service } = running()
    await service.command({ query: 'SELECT 1;' })
    assert.equal((await post('', 'SELECT 1;')).status, 200)
  })

  test('concurrent bound queries keep their own values', async () => {
    const { service } = running()
    const asked = Array.from({ length: 40 }, (_, index) => ({ s: `value ${index}`, n: index }))
    const got = await Promise.all(
      asked.map(async ({ s, n }) => (await rowsOf(service, 'SELECT {s:String} AS s, {n:UInt32} AS n', { s, n }))[0]),
    )
    assert.deepEqual(got, asked)
  })

  async function post(query: string, body: string | Buffer): Promise<Response> {
    const { engine } = running()
    return await fetch(`${engine.url}/?${new URLSearchParams(query === '' ? {} : { query })}`, {
      method: 'POST',
      body,
      headers: { 'X-ClickHouse-User': engine.service.user, 'X-ClickHouse-Key': engine.service.password },
    })
  }
})

/** ClickHouse's length of a string: seven bits a byte, the least first. */
function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest & 127) | 128)
  }
}
