import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { fromRoot } from '../../support/root.js'

// Not part of the package's face; the reference vectors are worth the reach behind it.
const { sipHasher } = (await import(pathToFileURL(fromRoot('src/sdk/dist/capture/siphash.js')).href)) as {
  sipHasher(key: Uint8Array): (text: string) => string
}

test('SipHash-2-4 agrees with the reference vectors of its authors', () => {
  const hash = sipHasher(Uint8Array.from({ length: 16 }, (_, index) => index))
  const input = (length: number) => String.fromCharCode(...Array.from({ length }, (_, index) => index))
  // From vectors_sip64 of the reference implementation, read as little-endian numbers.
  const vectors: [number, string][] = [
    [0, '726fdb47dd0e0e31'],
    [1, '74f839c593dc67fd'],
    [7, 'ab0200f58b01d137'],
    [8, '93f5f5799a932462'],
    [15, 'a129ca6149be45e5'],
  ]
  for (const [length, expected] of vectors) assert.equal(hash(input(length)), expected, `${length} bytes`)
})
