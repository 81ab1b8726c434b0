import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { askedFormat, firstWord, fromInfile, splitInsert } from '../../../src/store/embedded/statement.js'

describe('INSERT is told from its data', () => {
  const cases: readonly [string, string | undefined, string][] = [
    ['INSERT INTO t FORMAT CSV\n1,2\n', 'CSV', '1,2\n'],
    ['insert into a.b (x, `y z`) format JSONEachRow {"x":1}', 'JSONEachRow', '{"x":1}'],
    ["INSERT INTO TABLE t VALUES (1, 'a')", 'Values', " (1, 'a')"],
    ['INSERT INTO t SETTINGS async_insert = 0 FORMAT TSV\r\n1', 'TSV', '1'],
    ['/* FORMAT CSV */ INSERT -- VALUES\nINTO t (a) FORMAT RowBinary\n\n', 'RowBinary', '\n'],
    ['INSERT INTO "FORMAT x" FORMAT CSV\n', 'CSV', ''],
    ['INSERT INTO format FORMAT CSV', 'CSV', ''],
    ['INSERT INTO `a\\`b` FORMAT CSV', 'CSV', ''],
    ["INSERT INTO t SELECT 'FORMAT CSV'", undefined, ''],
    ['INSERT INTO t (a) WITH 1 AS x SELECT x FORMAT CSV', undefined, ''],
    ['SELECT 1 FORMAT CSV', undefined, ''],
    ['', undefined, ''],
  ]
  for (const [sql, format, data] of cases) {
    test(JSON.stringify(sql), () => {
      const insert = splitInsert(sql)
      assert.equal(insert?.format, format)
      if (insert) assert.equal(sql.slice(insert.dataAt), data)
    })
  }

  test('a SETTINGS clause stays before the format', () => {
    const insert = splitInsert('INSERT INTO t (a) SETTINGS x = 1 FORMAT CSV\n1')
    assert.ok(insert)
    assert.equal(
      fromInfile(insert, "/spool/it's"),
      "INSERT INTO t (a)  FROM INFILE '/spool/it\\'s' COMPRESSION 'none' SETTINGS x = 1  FORMAT CSV",
    )
  })

  test('files and table functions are no targets and no sources', () => {
    assert.throws(() => splitInsert("INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV"), /FROM INFILE/)
    assert.throws(() => splitInsert("INSERT INTO FUNCTION file('x') VALUES (1)"), /INSERT INTO FUNCTION/)
  })
})

test('the asked format is the last clause, not a function, a string or a comment', () => {
  assert.equal(askedFormat('SELECT 1 FORMAT JSON'), 'JSON')
  assert.equal(askedFormat("SELECT 1 FORMAT CSV SETTINGS a = 'FORMAT XML'"), 'CSV')
  assert.equal(askedFormat("SELECT format('{}', x) -- FORMAT CSV"), undefined)
  assert.equal(askedFormat('SELECT \'FORMAT CSV\', "FORMAT CSV" /* FORMAT CSV */'), undefined)
})

test('the first word is found past comments and brackets', () => {
  assert.equal(firstWord('/* DROP */ ((SELECT 1))'), 'select')
  assert.equal(firstWord("'select'"), '')
})
