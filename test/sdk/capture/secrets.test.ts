import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCapturer, redact } from '@watchkeeper/sdk/capture'

const capturer = createCapturer({ key: Buffer.alloc(32, 7) })

// Put together at run time, so that no scanner takes this file for a leak.
const samples: [kind: string, secret: string][] = [
  ['private_key', `-----BEGIN RSA ${'PRIVATE'} KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA ${'PRIVATE'} KEY-----`],
  ['jwt', ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxMjM0NSJ9', 'c2lnbmF0dXJl'].join('.')],
  ['aws_access_key', `AKIA${'ABCDEFGHIJKLMNOP'}`],
  ['github_token', `ghp_${'a1B2'.repeat(9)}`],
  ['slack_token', `xoxb-${'1234567890-abcdef'}`],
  ['stripe_key', `sk_live_${'4eC39HqLyjWDarjt'}`],
  ['password', 'password: hunter2-hunter2'],
  ['url_password', 'postgres://app:s3cr3t-word@db.example/main'],
  ['bearer_token', `Authorization: Bearer ${'abcdefghijklmnop1234'}`],
  ['credit_card', '4111 1111 1111 1111'],
]
for (const [kind, secret] of samples) {
  test(`${kind} is named by its kind in arguments and results, and never by value`, () => {
    const { argSecretKinds } = capturer.arguments('tool', { note: `see ${secret} there` })
    const { resultSecretKinds } = capturer.result(`see ${secret} there`)
    assert.ok(argSecretKinds.includes(kind), String(argSecretKinds))
    assert.deepEqual(resultSecretKinds, argSecretKinds)
  })
  test(`${kind} is cut out of clear text`, () => {
    const clean = redact(`see ${secret} there`)
    assert.ok(!clean.includes(secret) && clean.startsWith('see ') && clean.endsWith('there'), clean)
  })
}

test('arguments of a command line that name a secret lose their value', () => {
  assert.equal(
    redact('server --port 80 --api-key abc123 --token="x y"'),
    'server --port 80 --api-key [secret] --token=[secret]',
  )
})

test('ordinary numbers and words are no secrets', () => {
  assert.deepEqual(capturer.result('Order 1234 5678 9012 3456, the password was changed.').resultSecretKinds, [])
})
