import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { fromRoot } from '../support/root.js'

// Not a door of the package: reached by its file.
const { weightOf } = (await import(pathToFileURL(fromRoot('src/sdk/dist/weight.js')).href)) as {
  weightOf(...values: readonly unknown[]): number
}

test('contents are weighed by a bounded look, whatever they are', () => {
  const text = 'x'.repeat(1000)
  assert.equal(weightOf({ a: text, b: [text, { c: text }] }, undefined, text), 4000)
  const round: Record<string, unknown> = { text }
  round['round'] = round
  assert.ok(weightOf(round) < 10 * text.length)
  assert.ok(weightOf(Array.from({ length: 1_000_000 }, () => 'x')) <= 256)
  const throws = new Proxy({}, { ownKeys: () => assert.fail('looked at') })
  assert.equal(weightOf(throws), 0)
})
