import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { fromRoot } from '../support/root.js'

// Not a door of the package: reached by its file.
const { addressClass, canonicalAddress } = (await import(
  pathToFileURL(fromRoot('src/sdk/dist/addresses.js')).href
)) as {
  addressClass(address: string): string
  canonicalAddress(address: string): string
}

const table: Readonly<Record<string, readonly string[]>> = {
  public: [
    '8.8.8.8',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '2606:4700:4700::1111',
    '64:ff9b::808:808',
    '2002:808:808::1',
    '::ffff:8.8.8.8',
  ],
  loopback: [
    '127.0.0.1',
    '127.255.255.254',
    '::1',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    '::7f00:1',
    '2002:7f00:1::',
  ],
  private: [
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    'fc00::1',
    'fdff::1',
    'fec0::1',
    '::ffff:10.1.2.3',
    '64:ff9b::a00:1',
    '64:ff9b:1::1',
    '2002:a00:1::1',
  ],
  shared: ['100.64.0.1', '100.127.255.255', '::ffff:100.64.0.1'],
  'link-local': ['169.254.0.1', 'fe80::1', 'fe80::1%eth0', 'febf::1', '::ffff:169.254.1.1'],
  metadata: [
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '169.254.170.2',
    'fd00:ec2::254',
    'FD00:0EC2:0::254',
    '100.100.100.200',
    '168.63.129.16',
  ],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1'],
  reserved: [
    '0.0.0.0',
    '0.1.2.3',
    '::',
    '255.255.255.255',
    '240.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '203.0.113.9',
    '2001:db8::1',
    '2001::1',
    '3fff::1',
    '4000::1',
    '100::1',
    'not an address',
    '',
  ],
}

describe('an address is', () => {
  for (const [is, addresses] of Object.entries(table))
    test(`${is}: ${addresses.slice(0, 3).join(', ')} …`, () => {
      assert.deepEqual(
        addresses.map((address) => [address, addressClass(address)]),
        addresses.map((address) => [address, is]),
      )
    })

  test('the same in every spelling', () => {
    assert.equal(canonicalAddress('::ffff:7f00:1'), canonicalAddress('127.0.0.1'))
    assert.equal(canonicalAddress('2001:DB8:0:0::1'), canonicalAddress('2001:db8::1'))
    assert.notEqual(canonicalAddress('64:ff9b::7f00:1'), canonicalAddress('127.0.0.1'))
  })
})
