import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Emitter, userMessage } from '@watchkeeper/sdk'
import { type ClearTextRules, createCapturer } from '@watchkeeper/sdk/capture'
import { developmentDsn } from '@watchkeeper/sdk/dsn'
import fc from 'fast-check'
import { testReceiver } from '../../support/receiver.js'
import { openTestStore } from '../../support/store.js'

const key = Buffer.from('a key for clear text, 32 bytes long')
const withRules = (rules: Partial<ClearTextRules> = {}) =>
  createCapturer({ key, clearText: { policy: 'support', ...rules } })

test('without rules there is no clear text, and the name of no policy', () => {
  const capturer = createCapturer({ key })
  assert.equal(capturer.policy, '')
  assert.equal(capturer.arguments('pay', { to: 'Bob' }).argText, '')
  assert.equal(capturer.result('done').resultText, '')
  assert.equal(capturer.message('hello').argText, '')
})

test('what nothing cuts is sent as it is, and is captured', () => {
  const captured = withRules().arguments('pay', { to: 'Bob', amount: 20, deep: [{ a: 'b' }] })
  assert.equal(captured.argText, '{"to":"Bob","amount":20,"deep":[{"a":"b"}]}')
  assert.equal(captured.argCapture, 'captured')
  assert.equal(withRules().result('all good').resultText, 'all good')
})

test('cut by the name of a member, by the form of a secret, and by a pattern; and told', () => {
  const rules = { fields: ['Diagnosis'], patterns: [/\bCASE-\d+\b/] }
  const { argText, argCapture } = withRules(rules).arguments('note', {
    password: 'swordfish',
    api_key: 12345,
    deep: { diagnosis: { code: 'F32' }, text: 'See CASE-881 and CASE-882' },
    aws: `key ${['AKIA', 'QYLPMN5HFIQR7XYA'].join('')}`,
  })
  assert.equal(
    argText,
    '{"password":"[secret]","api_key":"[secret]","deep":{"diagnosis":"[redacted]","text":"See [redacted] and [redacted]"},"aws":"key [aws_access_key]"}',
  )
  assert.equal(argCapture, 'redacted')
})

test('cut by path: at any depth, through lists, and not beside it', () => {
  const { argText } = withRules({ fields: ['Patient.address'] }).arguments('note', {
    address: 'ours',
    ward: [{ patient: [{ address: { street: 'Main' }, name: 'Bob' }] }],
    outpatient: { address: 'theirs' },
  })
  assert.equal(
    argText,
    '{"address":"ours","ward":[{"patient":[{"address":"[redacted]","name":"Bob"}]}],"outpatient":{"address":"theirs"}}',
  )
})

test('what is cut in plain is cut in encoded form', () => {
  const secret = ['AKIA', 'QYLPMN5HFIQR7XYA'].join('')
  const inBase64 = Buffer.from(`my key is ${secret}`).toString('base64')
  const inHex = Buffer.from('about CASE-881').toString('hex')
  const harmless = Buffer.from('the parcel came late').toString('base64')
  const { argText, argCapture } = withRules({ patterns: [/\bCASE-\d+\b/] }).arguments('note', {
    text: `a ${inBase64} b ${inHex} c ${harmless} d ${Buffer.from(inBase64).toString('base64url')}`,
  })
  assert.equal(argText, `{"text":"a [redacted] b [redacted] c ${harmless} d [redacted]"}`)
  assert.equal(argCapture, 'redacted')
})

test('only what was asked for, and no more of it than was asked for', () => {
  const capturer = withRules({ of: ['results'], maxLength: 5 })
  assert.equal(capturer.arguments('pay', { to: 'Bob' }).argText, '')
  assert.equal(capturer.result('abcdefgh').resultText, 'abcde')
})

test('property: no secret of known form and no named member is left, however it is nested', () => {
  const secret = fc.stringMatching(/^[A-Z0-9]{16}$/).map((tail) => `AKIA${tail}`)
  const holder = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      secret,
      secret.map((one) => `before ${one} after`),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('note', 'Token', 'x-api-key', 'list'), tie('value'), { maxKeys: 3 }),
    ),
  })).value
  fc.assert(
    fc.property(holder, (value) => {
      assert.doesNotMatch(withRules().arguments('t', value).argText, /AKIA[A-Z0-9]{16}/)
      assert.doesNotMatch(withRules().result(value).resultText, /AKIA[A-Z0-9]{16}/)
    }),
  )
})

test('hostile values do no harm', () => {
  const round: Record<string, unknown> = {}
  round['again'] = round
  assert.ok(withRules().arguments('t', round).argText.length <= 4096)
  const throws = {
    get to(): string {
      throw new Error('no')
    },
  }
  assert.equal(withRules().arguments('t', throws).argText, '')
})

for (const clearText of ['refuse', 'accept'] as const) {
  test(`from an emitter to the store: a receiver that says ${clearText}`, async (t) => {
    const receiver = await testReceiver(t, { config: { clearText } })
    const endpoint = await receiver.app.listen({ host: '127.0.0.1', port: 0 })
    const emitter = new Emitter({
      dsn: { ...developmentDsn, endpoint },
      clearText: { policy: 'support', fields: ['ticket'] },
    })
    userMessage(emitter, 'Where is my parcel?')
    await emitter.close()
    const store = await openTestStore(t)
    await store.insertEvents(receiver.events())
    const rows = await store.query<{ arg_text: string; capture_policy: string; chain: string }>(
      `SELECT arg_text, capture_policy, attributes['receive.chain'] AS chain FROM audit WHERE kind = 'user_message'`,
      {},
    )
    assert.deepEqual(rows, [
      { arg_text: clearText === 'accept' ? 'Where is my parcel?' : '', capture_policy: 'support', chain: '' },
    ])
  })
}

test('clear text does not stand in a dead letter', async (t) => {
  const receiver = await testReceiver(t, { config: { clearText: 'accept' } })
  const attribute = (name: string, value: string) => ({ key: name, value: { stringValue: value } })
  await receiver.send('/v1/logs', {
    resourceLogs: [
      {
        scopeLogs: [
          {
            logRecords: [
              {
                eventName: 'watchkeeper.nothing',
                timeUnixNano: '5',
                attributes: [attribute('watchkeeper.arguments.text', 'my parcel')],
              },
            ],
          },
        ],
      },
    ],
  })
  assert.equal(receiver.letters().length, 1)
  assert.doesNotMatch(JSON.stringify(receiver.published), /my parcel/)
})
