import assert from 'node:assert/strict'
import { test } from 'node:test'
import { developmentDsn, formatDsn, parseDsn } from '@watchkeeper/sdk/dsn'

test('a DSN is read back as it was written', () => {
  const dsn = {
    endpoint: 'https://audit.example:4318/watch',
    ingestKey: 'wk_1a2b3c4d_s-e_cret',
    tenant: 'acme',
    fingerprintKey: new Uint8Array(32).fill(251),
  }
  assert.deepEqual(parseDsn(formatDsn(dsn)), dsn)
  assert.deepEqual(parseDsn(formatDsn(developmentDsn)), developmentDsn)
})

const good = 'https://key@host/?tenant=acme&fingerprint_key=AAAAAAAAAAAAAAAAAAAAAA'
const faulty: Readonly<Record<string, string>> = {
  'no URL': 'host:port without scheme',
  'another scheme': good.replace('https', 'ftp'),
  'no tenant': good.replace('tenant=acme&', ''),
  'a tenant that is no name': good.replace('acme', 'a/../b'),
  'no fingerprint key': good.replace(/&.*/, ''),
  'a short fingerprint key': good.replace(/=A+$/, '=AAAA'),
  'a fingerprint key that is not base64url': good.replace(/=A+$/, '=!AAAAAAAAAAAAAAAAAAAAAA'),
  'a colon in the key': good.replace('key@', 'key:word@'),
  'a broken escape in the key': good.replace('key@', '%zz@'),
}
for (const [what, text] of Object.entries(faulty)) {
  test(`${what} is a fault that does not quote the DSN`, () => {
    const parsed = parseDsn(text)
    assert.ok('fault' in parsed)
    assert.ok(!parsed.fault.includes(text))
  })
}
