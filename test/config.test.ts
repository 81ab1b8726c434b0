import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig, settings } from '../src/config.js'
import { WatchkeeperError } from '../src/errors.js'
import { fromRoot } from './support/root.js'

const example = readFileSync(fromRoot('deploy/.env.example'), 'utf8')
const lines = new Map([...example.matchAll(/^# ?(WATCHKEEPER_[A-Z_]+)=(.*)$/gm)].map((line) => [line[1], line[2]]))

test('without any variable every setting has its default', () => {
  const config = readConfig({})
  assert.equal(config.receivePort, 4318)
  assert.equal(config.bus, 'in-process')
})

test('all faults are reported at once, by the name of the variable and never with its value', () => {
  assert.throws(
    () => readConfig({ WATCHKEEPER_RECEIVE_PORT: 'hunter2', WATCHKEEPER_BUS: 'pigeon', WATCHKEEPER_TYPO: 'x' }),
    (error) => {
      assert.ok(error instanceof WatchkeeperError)
      assert.equal(error.code, 'WK_CONFIG')
      assert.match(error.message, /3 fault/)
      assert.match(error.message, /WATCHKEEPER_RECEIVE_PORT: expected a whole number/)
      assert.match(error.message, /WATCHKEEPER_BUS: expected one of in-process, kafka/)
      assert.match(error.message, /WATCHKEEPER_TYPO: there is no such setting/)
      assert.doesNotMatch(error.message, /hunter2|pigeon/)
      return true
    },
  )
})

test('a secret may stand in a file, and no other setting; what is wrong with the file is told without what it holds', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-config-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'password')
  writeFileSync(file, ' hunter2 \n')
  assert.equal(readConfig({ WATCHKEEPER_CLICKHOUSE_PASSWORD_FILE: file }).clickhousePassword, ' hunter2 ')
  assert.equal(readConfig({ WATCHKEEPER_CLICKHOUSE_PASSWORD_FILE: '' }).clickhousePassword, '')
  const faults: readonly [Record<string, string>, RegExp][] = [
    [{ WATCHKEEPER_PEPPER: 'a', WATCHKEEPER_PEPPER_FILE: file }, /WATCHKEEPER_PEPPER: give it here or by/],
    [{ WATCHKEEPER_PEPPER_FILE: join(folder, 'gone') }, /WATCHKEEPER_PEPPER: cannot read the file .*gone \(ENOENT\)/],
    [{ WATCHKEEPER_BUS_FILE: file }, /WATCHKEEPER_BUS_FILE: there is no such setting/],
    [{ WATCHKEEPER_DSN_FILE: file }, /WATCHKEEPER_DSN: /],
  ]
  for (const [environment, message] of faults)
    assert.throws(
      () => readConfig(environment),
      (error: Error) => message.test(error.message) && !error.message.includes('hunter2'),
      String(message),
    )
})

test('deploy/.env.example names every setting with its default', () => {
  for (const { variable, fallback, secret } of Object.values(settings)) {
    assert.ok(lines.has(variable), `${variable} is not in deploy/.env.example`)
    if (variable === 'WATCHKEEPER_DATA_DIR') continue // differs from home to home
    assert.equal(
      lines.get(variable),
      secret ? '' : Array.isArray(fallback) ? fallback.join(',') : String(fallback),
      variable,
    )
  }
})

test('deploy/.env.example names nothing that is not a setting', () => {
  const known = new Set<string>(Object.values(settings).map(({ variable }) => variable))
  assert.deepEqual(
    [...lines.keys()].filter((name) => !known.has(String(name))),
    [],
  )
})

test('no variable is read by two settings', () => {
  const variables = Object.values(settings).map(({ variable }) => variable)
  assert.equal(new Set(variables).size, variables.length)
})
