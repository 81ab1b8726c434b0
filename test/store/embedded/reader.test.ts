// The reader is for dashboards and `sql`: its statements may come from people and tools that we do not know.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { codeOf, rowsOf, runningEngine, temporaryFolder, withoutEngine } from '../../support/embedded.js'

const readonly = 164
const denied = 497
const syntax = 62
const unknownTable = 60

describe('the reader', { skip: withoutEngine }, () => {
  const running = runningEngine()
  let outfile = ''
  before(async () => {
    outfile = join(await temporaryFolder(), 'out')
    const { service } = running()
    await service.command({ query: 'CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a' })
    await service.insert({ table: 't', values: [{ a: 1 }, { a: 2 }], format: 'JSONEachRow' })
  })

  for (const query of [
    'SELECT sum(a) FROM t',
    'WITH x AS (SELECT 1 AS b) SELECT * FROM x JOIN t ON b = a',
    '(SELECT 1) UNION ALL (SELECT 2)',
    'SELECT * FROM numbers(3) AS n, generateSeries(1, 2) AS g',
    "SELECT * FROM values('a UInt8', 1) AS v, view(SELECT 1) AS w",
    'SELECT 1 INTERSECT SELECT 1',
    'SHOW TABLES FROM w',
    "SHOW TABLES LIKE 't%'",
    'SHOW CREATE TABLE t',
    'SHOW COLUMNS FROM t',
    'SHOW DATABASES',
    'DESCRIBE TABLE t',
    'EXISTS TABLE t',
    'EXPLAIN SELECT * FROM t',
    'EXPLAIN indexes = 1 SELECT * FROM t WHERE a = 1',
    "SELECT 'file(' AS s, 'url(''x'')' AS u, `a` AS file FROM t",
  ])
    test(`may run: ${query}`, async () => {
      await (await running().reader.query({ query, format: 'JSONEachRow' })).text()
    })

  const refused: readonly [string, readonly number[]][] = [
    ['INSERT INTO t VALUES (3)', [readonly]],
    ['INSERT INTO t SELECT 3', [readonly]],
    ["INSERT INTO FUNCTION file('PATH', CSV, 'a UInt8') SELECT 1", [48]],
    ['DROP TABLE t', [readonly]],
    ['ALTER TABLE t DELETE WHERE 1', [readonly]],
    ['TRUNCATE TABLE t', [readonly]],
    ['CREATE TABLE u (a UInt8) ENGINE = Memory', [readonly]],
    ['CREATE TEMPORARY TABLE u (a UInt8)', [readonly]],
    ['CREATE FUNCTION f AS x -> x', [readonly]],
    ['OPTIMIZE TABLE t', [readonly]],
    ['CHECK TABLE t', [readonly]],
    ['SYSTEM SHUTDOWN', [readonly]],
    ['KILL QUERY WHERE 1', [readonly]],
    ["BACKUP TABLE t TO File('PATH')", [readonly]],
    ['SET readonly = 0', [readonly]],
    ['SET max_execution_time = 0', [readonly]],
    ['USE system', [readonly]],
    ['SELECT 1 SETTINGS readonly = 0', [readonly]],
    ['SELECT 1 SETTINGS max_execution_time = 0', [readonly]],
    ["SELECT 1 INTO OUTFILE 'PATH'", [readonly]],
    ["SELECT 1 /* x */ INTO\nOUTFILE 'PATH' FORMAT CSV", [readonly]],
    ["SELECT file('/etc/passwd')", [denied]],
    ["SELECT FILE('/etc/passwd')", [denied, 46]],
    ["SELECT * FROM file('/etc/passwd', LineAsString)", [denied]],
    ["SELECT * FROM `file`('/etc/passwd', LineAsString)", [denied]],
    ['SELECT * FROM "\\x66ile"(\'/etc/passwd\', LineAsString)', [denied]],
    ["SELECT * FROM file/**/('/etc/passwd', LineAsString)", [denied]],
    ["SELECT arrayMap(p -> file(p), ['/etc/passwd'])", [denied]],
    ["WITH (SELECT file('/etc/passwd')) AS y SELECT y", [denied]],
    ["SELECT * FROM view(SELECT * FROM file('/etc/passwd', LineAsString))", [denied]],
    ["SELECT 1 WHERE 'a' IN (SELECT * FROM file('/etc/passwd', LineAsString))", [denied]],
    ["SELECT * APPLY(file) FROM (SELECT '/etc/passwd')", [denied]],
    ["SELECT COLUMNS('x') APPLY file FROM (SELECT '/etc/passwd' AS x)", [denied]],
    ["SHOW TABLES WHERE name = file('/etc/passwd')", [denied, syntax]],
    // Every place of the grammar that takes an expression.
    ...[
      'SELECT * REPLACE (X AS dummy) FROM system.one',
      "SELECT number AS n, '' AS x FROM numbers(2) ORDER BY n WITH FILL INTERPOLATE (x AS X)",
      'SELECT number AS n FROM numbers(2) ORDER BY n WITH FILL FROM length(X)',
      'SELECT count() OVER w FROM system.one WINDOW w AS (ORDER BY X)',
      'SELECT number FROM numbers(9) LIMIT length(X)',
      'SELECT number FROM numbers(9) LIMIT 1 BY X',
      'SELECT quantile(length(X))(number) FROM numbers(3)',
      'SELECT * FROM numbers(length(X))',
      "SELECT * FROM values('a String', X)",
      'SELECT x FROM system.one ARRAY JOIN [X] AS x',
      "SELECT * FROM system.one PREWHERE X = ''",
      "SELECT 1 QUALIFY X = ''",
      'WITH (p -> X) AS f SELECT f(1)',
      'SELECT 1 EXCEPT SELECT X',
      'DESCRIBE TABLE (SELECT X)',
      'SELECT * FROM (EXPLAIN SELECT X)',
    ].map((query): [string, readonly number[]] => [query.replace(/\bX\b/, "file('/etc/passwd')"), [denied]]),
    ["SELECT aiGenerate('x', 'y')", [denied]],
    ["SELECT AIClassify('x', ['a', 'b'])", [denied]],
    ["DESCRIBE file('/etc/passwd')", [denied]],
    ["DESCRIBE TABLE url('http://127.0.0.1:1/')", [denied]],
    ["EXPLAIN SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')", [denied]],
    ["EXPLAIN AST SELECT file('/etc/passwd')", [denied]],
    ["SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')", [denied]],
    ["SELECT * FROM s3('http://127.0.0.1:1/x/y.csv')", [denied]],
    ["SELECT * FROM remote('127.0.0.1', system.one)", [denied]],
    ["SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')", [denied]],
    ["SELECT * FROM executable('ls', TSV, 'a String')", [denied]],
    ["SELECT * FROM fileCluster('default', '/etc/passwd', LineAsString)", [denied]],
    ["SELECT * FROM cluster('default', system.one)", [denied]],
    // The library's default database shows files as tables; ours does not.
    ["SELECT * FROM '/etc/passwd'", [unknownTable]],
    ['SELECT * FROM default.`/etc/passwd`', [unknownTable]],
    ['DESCRIBE TABLE default.`/etc/passwd`', [unknownTable]],
    ['SHOW CREATE TABLE default.`/etc/passwd`', [487]],
    ["SELECT * FROM merge(default, 'passwd')", [636]],
    ["SELECT catboostEvaluate('/etc/passwd', 1)", [denied]],
    ['SELECT 1 PARALLEL WITH DROP TABLE t', [syntax, readonly]],
    ['SELECT', [syntax]],
    ['', [syntax]],
    ['-- nothing', [syntax]],
    ["SELECT 'open", [syntax]],
  ]
  for (const [text, codes] of refused)
    test(`may not run: ${text}`, async () => {
      const query = text.replace('PATH', outfile)
      const code = await codeOf(running().reader.exec({ query }))
      assert.ok(codes.includes(code), `answered ${code}`)
      assert.equal(existsSync(outfile), false)
      assert.deepEqual(await rowsOf(running().service, 'SELECT a FROM t ORDER BY a'), [{ a: 1 }, { a: 2 }])
    })

  test('cannot learn which files there are', async () => {
    const exists = await running().reader.query({ query: 'EXISTS TABLE default.`/etc/passwd`', format: 'TabSeparated' })
    assert.equal(await exists.text(), '0\n')
  })

  test('gets no more rows than its bound, and an error instead of a part of them', async () => {
    const query = 'SELECT number FROM numbers(2000000)'
    assert.equal(await codeOf(running().reader.query({ query, format: 'Null' as 'CSV' })), 396)
  })

  test('may tighten its bounds but not widen them', async () => {
    const { reader } = running()
    const query =
      "SELECT toString(getSetting('max_execution_time')) AS t, toString(getSetting('max_result_rows')) AS r, toString(getSetting('readonly')) AS o"
    const ask = async (settings: Record<string, string>) =>
      await (await reader.query({ query, format: 'JSONEachRow', clickhouse_settings: settings })).json()
    assert.deepEqual(await ask({ max_execution_time: '5', max_result_rows: '0', readonly: '0' }), [
      { t: '5', r: '1000000', o: '1' },
    ])
    assert.deepEqual(await ask({ max_execution_time: '100000', max_result_rows: '99999999' }), [
      { t: '60', r: '1000000', o: '1' },
    ])
  })

  test('is stopped when its time is over', async () => {
    const query = 'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1'
    assert.equal(await codeOf(running().reader.query({ query, clickhouse_settings: { max_execution_time: 1 } })), 159)
  })
})
