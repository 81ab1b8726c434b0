import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { before, describe, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { limits } from '../../../src/store/embedded/limits.js'
import { rowsOf, runningEngine, withoutEngine } from '../../support/embedded.js'

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

describe('the HTTP face', { skip: withoutEngine }, () => {
  const running = runningEngine()
  before(() =>
    running().service.command({ query: 'CREATE TABLE t (a UInt32, s String) ENGINE = MergeTree ORDER BY a' }),
  )

  /** As the service; `headers` replace the login. */
  async function send(
    search: Record<string, string>,
    init: { method?: string; body?: string | Buffer; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const { engine } = running()
    const url = new URL(`/?${new URLSearchParams(search)}`, engine.url)
    const login = { 'X-ClickHouse-User': engine.service.user, 'X-ClickHouse-Key': engine.service.password }
    const call = request(url, {
      method: init.method ?? (init.body === undefined ? 'GET' : 'POST'),
      headers: init.headers ?? login,
    })
    call.on('error', () => undefined)
    call.end(init.body)
    const [response] = (await once(call, 'response')) as [import('node:http').IncomingMessage]
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }
  }
  const asService = () => ({
    'X-ClickHouse-User': running().engine.service.user,
    'X-ClickHouse-Key': running().engine.service.password,
  })

  test('/ping answers anyone, any other path nobody', async () => {
    const ping = await fetch(`${running().engine.url}/ping`)
    assert.equal(await ping.text(), 'Ok.\n')
    const other = await fetch(`${running().engine.url}/play`)
    assert.equal(other.headers.get('x-clickhouse-exception-code'), '36')
    for (const target of ['//', '/%', '*', 'http://[', '//[?query=SELECT%201']) {
      const socket = connect(Number(new URL(running().engine.url).port), '127.0.0.1')
      socket.end(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      const [answer] = (await once(socket, 'data')) as [Buffer]
      assert.match(answer.toString(), /^HTTP\/1\.1 40[03] /, target)
    }
  })

  test('a wrong or missing login is refused before anything is read', async () => {
    const { engine } = running()
    for (const headers of [
      {},
      { 'X-ClickHouse-User': engine.service.user, 'X-ClickHouse-Key': 'wrong' },
      { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': '' },
      { 'X-ClickHouse-User': engine.reader.user, 'X-ClickHouse-Key': engine.service.password },
      { Authorization: `Basic ${Buffer.from(`${engine.service.user}:`).toString('base64')}` },
      { Authorization: 'Bearer x' },
    ]) {
      const answer = await send({ query: 'SELECT 1' }, { headers })
      assert.equal(answer.status, 403)
      assert.equal(answer.headers['x-clickhouse-exception-code'], '516')
      assert.match(answer.body.toString(), /^Code: 516\. DB::Exception: .*\(AUTHENTICATION_FAILED\)/)
      assert.ok(!answer.body.includes(engine.service.password))
    }
  })

  test('a login comes as headers, as Basic, or in the URL', async () => {
    const { user, password } = running().engine.reader
    const basic = { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
    assert.equal((await send({ query: 'SELECT 1' }, { headers: basic })).body.toString(), '1\n')
    assert.equal((await send({ query: 'SELECT 1', user, password }, { headers: {} })).body.toString(), '1\n')
  })

  test('a statement comes in the URL, in the body, or half in each', async () => {
    assert.equal((await send({ query: 'SELECT 1' })).body.toString(), '1\n')
    assert.equal((await send({}, { body: 'SELECT 2' })).body.toString(), '2\n')
    assert.equal((await send({ query: 'SELECT 3' }, { body: '+ 4' })).body.toString(), '7\n')
    assert.equal((await send({ query: 'SELECT {x:String}', param_x: 'a\\tb' })).body.toString(), 'a\\tb\n')
    assert.equal((await send({ query: 'SELECT count() FROM t', database: 'w' })).status, 200)
    assert.equal((await send({ query: 'SELECT 1', database: 'no`where' })).headers['x-clickhouse-exception-code'], '81')
  })

  test('GET only reads', async () => {
    const answer = await send({ query: 'CREATE TABLE w.u (a UInt8) ENGINE = Memory' })
    assert.equal(answer.headers['x-clickhouse-exception-code'], '164')
    const other = await send({ query: 'SELECT 1' }, { method: 'DELETE' })
    assert.equal(other.headers['x-clickhouse-exception-code'], '48')
  })

  test('the answer names its query, its format and how much was written', async () => {
    const read = await send({ query: 'SELECT 1 AS a FORMAT JSON', query_id: 'mine-1' })
    assert.equal(read.headers['x-clickhouse-query-id'], 'mine-1')
    assert.equal(read.headers['x-clickhouse-format'], 'JSON')
    assert.equal(read.headers['x-clickhouse-timezone'], 'UTC')
    assert.match(String(read.headers['content-type']), /^application\/json/)
    assert.equal((await send({ query: 'SELECT 1', default_format: 'CSV' })).headers['x-clickhouse-format'], 'CSV')
    const asked = await send(
      { query: 'SELECT 1' },
      { headers: { ...asService(), 'X-ClickHouse-Format': 'JSONEachRow' } },
    )
    assert.equal(asked.body.toString(), '{"1":1}\n')
    const written = await send({ query: 'INSERT INTO w.t FORMAT CSV' }, { body: '1,a\n2,b\n3,c\n' })
    const summary = JSON.parse(String(written.headers['x-clickhouse-summary'])) as Record<string, string>
    assert.equal(summary['written_rows'], '3')
  })

  test('a query id that is no header text is replaced', async () => {
    const answer = await send({ query: 'SELECT 1', query_id: 'a\r\nSet-Cookie: x' })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['set-cookie'], undefined)
    assert.match(String(answer.headers['x-clickhouse-query-id']), /^[\w-]{36}$/)
  })

  test('the engine’s errors keep their code, name and place', async () => {
    for (const [query, code, status, name] of [
      ['SELECT * FROM w.nope', '60', 404, 'UNKNOWN_TABLE'],
      ['SELEKT 1', '62', 400, 'SYNTAX_ERROR'],
      ["SELECT throwIf(1, 'no')", '395', 500, 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO'],
    ] as const) {
      const answer = await send({ query })
      assert.deepEqual([answer.headers['x-clickhouse-exception-code'], answer.status], [code, status])
      assert.match(answer.body.toString(), new RegExp(`^Code: ${code}\\. DB::Exception: .*\\(${name}\\)`, 's'))
    }
  })

  test('an unknown setting, a session and block compression are errors and not ignored', async () => {
    for (const [search, code] of [
      [{ max_thread: '1' }, '115'],
      [{ 'a b': '1' }, '115'],
      [{ 'max_threads = 1, readonly': '1' }, '115'],
      [{ compress: '1' }, '48'],
      [{ decompress: '1' }, '48'],
      [{ session_id: 'x' }, '48'],
      [{ max_threads: 'many' }, '27'],
    ] as [Record<string, string>, string][]) {
      const answer = await send({ query: 'SELECT 1', ...search })
      assert.equal(answer.headers['x-clickhouse-exception-code'], code, JSON.stringify(search))
    }
  })

  test('a statement with a NUL is refused, in the URL and in the body', async () => {
    for (const text of ['SELECT 1\0; DROP TABLE w.t', 'INSERT INTO w.t (a\0) FORMAT CSV\n1']) {
      assert.equal((await send({ query: text }, { body: '' })).headers['x-clickhouse-exception-code'], '36')
      assert.equal((await send({}, { body: text })).headers['x-clickhouse-exception-code'], '62')
    }
  })

  test('a setting’s value cannot become SQL', async () => {
    const answer = await send({ query: 'SELECT 1', format_csv_delimiter: "'; DROP TABLE w.t; --" })
    assert.notEqual(answer.status, 200)
    assert.deepEqual(
      await rowsOf(running().service, "SELECT count() > 0 AS there FROM system.tables WHERE name = 't'"),
      [{ there: 1 }],
    )
  })

  test('gzip in, gzip out; other encodings are refused', async () => {
    const headers = { ...asService(), 'Content-Encoding': 'gzip', 'Accept-Encoding': 'gzip' }
    const zipped = await send({ enable_http_compression: '1' }, { body: gzipSync('SELECT 5'), headers })
    assert.equal(zipped.headers['content-encoding'], 'gzip')
    assert.equal(gunzipSync(zipped.body).toString(), '5\n')
    const plain = await send({}, { body: gzipSync('SELECT 5'), headers })
    assert.equal(plain.body.toString(), '5\n')
    const inserted = await send({ query: 'INSERT INTO w.t FORMAT CSV' }, { body: gzipSync('9,z\n'), headers })
    assert.equal(inserted.status, 200)
    const broken = await send({}, { body: gzipSync('SELECT 5').subarray(0, 12), headers })
    assert.equal(broken.headers['x-clickhouse-exception-code'], '271')
    const zstd = await send({}, { body: 'SELECT 5', headers: { ...headers, 'Content-Encoding': 'zstd' } })
    assert.equal(zstd.headers['x-clickhouse-exception-code'], '48')
  })

  test('a gzip bomb is cut at the bound of unpacked bytes', async () => {
    const headers = { ...asService(), 'Content-Encoding': 'gzip' }
    const bomb = gzipSync(Buffer.alloc(65 * 1_048_576, ' '))
    const answer = await send({}, { body: bomb, headers })
    assert.deepEqual([answer.status, answer.headers['x-clickhouse-exception-code']], [413, '307'])
  })

  test('a body announced too large is refused without being read', async () => {
    const { engine } = running()
    const call = request(engine.url, { method: 'POST', headers: { ...asService(), 'Content-Length': String(2 ** 40) } })
    call.on('error', () => undefined)
    call.flushHeaders()
    const [response] = (await once(call, 'response')) as [import('node:http').IncomingMessage]
    assert.equal(response.statusCode, 413)
    call.destroy()
  })

  test('an insert whose client leaves in the middle of its body leaves nothing', async () => {
    const { engine, service } = running()
    const count = async () =>
      (await rowsOf<{ n: number }>(service, 'SELECT toUInt32(count()) AS n FROM t WHERE a >= 1000'))[0]?.n
    const socket = connect(Number(new URL(engine.url).port), '127.0.0.1')
    await once(socket, 'connect')
    socket.write(
      `POST /?query=${encodeURIComponent('INSERT INTO w.t FORMAT CSV')} HTTP/1.1\r\nHost: x\r\nX-ClickHouse-User: ${engine.service.user}\r\n` +
        `X-ClickHouse-Key: ${engine.service.password}\r\nContent-Length: 1000\r\n\r\n1000,a\n1001,b\n`,
    )
    socket.destroySoon()
    await once(socket, 'close')
    // The next insert is answered after the broken one was given up: the same user, one after the other.
    await service.insert({ table: 't', values: [{ a: 2000, s: '' }], format: 'JSONEachRow' })
    assert.equal(await count(), 1)
  })

  test('a header that is too long is refused by the protocol', async () => {
    const answer = await send({ query: 'SELECT 1', param_x: 'x'.repeat(2_000_000) }).catch(
      (error: NodeJS.ErrnoException) => error,
    )
    assert.ok(answer instanceof Error ? answer.code === 'ECONNRESET' || answer.code === 'EPIPE' : answer.status === 431)
  })

  test('more queries than may run and wait are refused at once, and the other user still gets through', async () => {
    const { engine, service } = running()
    const { user: username, password } = engine.reader
    const log = { level: ClickHouseLogLevel.OFF }
    const crowd = createClient({ url: engine.url, username, password, max_open_connections: 200, log })
    const left = new AbortController()
    const codes: number[] = []
    const asked = Array.from({ length: limits.readerSlots + limits.waiting + 1 }, () =>
      crowd.query({ query: 'SELECT sleep(3)', abort_signal: left.signal }).catch((error: unknown) => {
        if (!(error instanceof ClickHouseError)) return
        codes.push(Number(error.code))
        left.abort()
      }),
    )
    assert.deepEqual(await rowsOf(service, 'SELECT 1 AS one'), [{ one: 1 }])
    await Promise.all(asked)
    assert.deepEqual(codes, [202])
    await crowd.close()
  })

  test('clickhouse-go is greeted in its own revision and told to expect plain Native blocks', async () => {
    const search = { default_format: 'Native', client_protocol_version: '54483' }
    const hello = await send(search, { body: 'SELECT displayName(), version(), revision(), timezone()' })
    const plain = await send(
      {},
      { body: "SELECT 'watchkeeper' AS n, version() AS v, toUInt32(0) AS r, 'UTC' AS t FORMAT Native" },
    )
    // Block info, then one row of four columns as in any Native block, but each with a flag byte after its type.
    const info = Buffer.from('010002ffffffff00', 'hex')
    assert.deepEqual(hello.body.subarray(0, info.length), info)
    const values = (block: Buffer) =>
      /watchkeeper.*?(\d+\.\d+\.\d+\.\d+).*UInt32\0?(\0\0\0\0).*(UTC)$/s.exec(block.toString('latin1'))?.slice(1)
    assert.deepEqual(values(hello.body), values(plain.body))
    assert.equal(values(hello.body)?.length, 3)
    const [names, aliases] = ['displayName()version()revision()timezone()'.length, 'nvrt'.length]
    const flags = 4
    assert.equal(hello.body.length, info.length + flags + plain.body.length + names - aliases)
    const next = await send(search, { body: 'SELECT toUInt8(7) AS a' })
    assert.deepEqual(next.body, Buffer.from('\x01\x01\x01a\x05UInt8\x07', 'latin1'))
  })

  test('a broken form is an error', async () => {
    for (const [type, body] of [
      ['multipart/form-data', 'x'],
      ['multipart/form-data; boundary=b', 'x'],
      ['multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="query"\r\n\r\nSELECT 1'],
      [
        'multipart/form-data; boundary=b',
        '--b\r\nContent-Disposition: form-data; name="ext"; filename="x"\r\n\r\n1\r\n--b--\r\n',
      ],
    ] as const) {
      const answer = await send({}, { body, headers: { ...asService(), 'Content-Type': type } })
      assert.equal(answer.headers['x-clickhouse-exception-code'], '36')
    }
  })
})
