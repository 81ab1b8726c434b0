import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { errorKinds, WatchkeeperError } from '../src/errors.js'
import { fromRoot } from './support/root.js'

const documented = new Map(
  [...readFileSync(fromRoot('src/ERRORS.md'), 'utf8').matchAll(/^\| `(WK_[A-Z_]+)`\s*\| (\d+)\s*\|/gm)].map((row) => [
    row[1],
    Number(row[2]),
  ]),
)

test('every error code is documented with its exit code', () => {
  for (const [code, { exit }] of Object.entries(errorKinds)) assert.equal(documented.get(code), exit, code)
})

test('every documented code exists', () => {
  assert.deepEqual(
    [...documented.keys()].filter((code) => !(String(code) in errorKinds)),
    [],
  )
})

test('an error tells its exit code and whether the same call may succeed later', () => {
  const error = new WatchkeeperError('WK_BUS_FULL', 'the bus is full')
  assert.equal(error.exitCode, 75)
  assert.equal(error.retryable, true)
})
