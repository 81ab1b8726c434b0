/** The description of the API: true to its standard, and to what the routes do. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { refusalStatus } from '../../src/console/refusal.js'
import { testConsole } from '../support/console.js'
import { fromRoot } from '../support/root.js'

test('the OpenAPI document is one, by a validator of its standard', async (t) => {
  const { inject } = await testConsole(t)
  const reply = await inject({ url: '/api/openapi.json' })
  const { valid, errors } = await new Validator().validate(reply.json())
  assert.ok(valid, JSON.stringify(errors))
})

test('every route of the API is described, with its refusals and what it takes', async (t) => {
  const { inject } = await testConsole(t)
  const { paths } = (await inject({ url: '/api/openapi.json' })).json()
  assert.ok(Object.keys(paths).length >= 3)
  for (const [path, methods] of Object.entries<Record<string, Record<string, unknown>>>(paths)) {
    assert.match(path, /^\/api\//)
    for (const [method, { operationId, summary, responses }] of Object.entries(methods)) {
      assert.ok(operationId && summary, `${method} ${path}`)
      for (const status of ['400', '401', '403', '404', '429', '503'])
        assert.ok(Object.hasOwn(responses as object, status), `${method} ${path} tells nothing of ${status}`)
    }
  }
})

test('the codes of refusals are in the README, each with its status, and no others', () => {
  const text = readFileSync(fromRoot('src/console/README.md'), 'utf8')
  const told = Object.fromEntries(
    [...text.matchAll(/^\| `([a-z_]+)` +\| (\d{3}) /gm)].map(([, code, status]) => [code, Number(status)]),
  )
  assert.deepEqual(told, { ...refusalStatus })
})
