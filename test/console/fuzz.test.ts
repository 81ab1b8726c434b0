/** Whatever is asked, the answer is one of the API's: never a fault, never anything but JSON in its form. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { refusalStatus } from '../../src/console/refusal.js'
import { keepIncidents, testConsole } from '../support/console.js'
import { finding } from '../support/findings.js'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', '%', '\0', "' OR 1=1 --", '*', '\ud800', '{x:UUID}'),
)

test('any query, path and body is answered or refused in the form of the API', async (t) => {
  const { inject, store } = await testConsole(t, { config: { consoleRate: 1_000_000 } })
  const [incident] = await keepIncidents(store, [finding({ anchor: 'a' })])
  const id = String(incident?.id)
  const parameters = [
    'tenant',
    'status',
    'severity',
    'detector',
    'assignee',
    'session',
    'text',
    'sort',
    'offset',
    'limit',
    'over',
  ]
  const gets = ['/api/incidents', '/api/silences', '/api/inventory/scopes', '/api/risk/servers', '/api/detectors']
  const path = fc.oneof(
    fc
      .tuple(fc.constantFrom(...gets), fc.dictionary(fc.constantFrom(...parameters), text, { maxKeys: 3 }))
      .map(([url, query]) => `${url}?${new URLSearchParams(query)}`),
    fc
      .tuple(fc.constantFrom('/api/incidents/', '/api/sessions/acme/', '/api/detectors/', '/api/'), text)
      .map(([url, key]) => url + encodeURIComponent(key.replace(/\p{Cs}/gu, '?'))),
  )
  const member = fc.oneof(
    text,
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(text, { maxLength: 3 }),
  )
  const names = [
    'action',
    'value',
    'text',
    'version',
    'id',
    'matchers',
    'reason',
    'owner',
    'tenant',
    'startsAt',
    'endsAt',
    'expires',
    'write',
    '__proto__',
  ]
  const body = fc.oneof(
    fc.dictionary(fc.constantFrom(...names), member, { maxKeys: 6 }),
    fc.record({ action: fc.constantFrom('comment', 'assign', 'verdict'), value: text, text }),
    fc.record({ matchers: fc.array(text, { maxLength: 3 }), reason: text, endsAt: fc.integer({ min: 0 }) }),
    member,
  )
  const posts = [`/api/incidents/${id}/actions`, '/api/silences', `/api/incidents/${id}/exclusion`]
  const isOfTheApi = (
    { statusCode, body: answer }: { readonly statusCode: number; readonly body: string },
    asked: unknown,
  ) => {
    const told = JSON.parse(answer) as { readonly error?: { readonly code: keyof typeof refusalStatus } }
    const where = `${JSON.stringify(asked)}: ${statusCode} ${answer}`
    if (statusCode < 300) return
    assert.ok(told.error, where)
    assert.equal(statusCode, refusalStatus[told.error.code], where)
    assert.notEqual(statusCode, 500, where)
  }
  await fc.assert(
    fc.asyncProperty(path, async (url) => isOfTheApi(await inject({ url }), url)),
    { numRuns: 150 },
  )
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...posts), body, async (url, given) => {
      const payload = JSON.stringify(given) ?? ''
      isOfTheApi(await inject({ method: 'POST', url, headers: { 'content-type': 'application/json' }, payload }), [
        url,
        given,
      ])
    }),
    { numRuns: 150 },
  )
})
