/**
 * The tenant's key at work. Every kind of value has a subkey of its own, so that a number and an id with the same digits
 * do not meet, and a table of guesses for one kind is worth nothing for another.
 */
import { createHmac } from 'node:crypto'
import type { AtomKind } from '../event.js'
import { atomKinds } from '../event.js'
import { sipHasher } from './siphash.js'

export interface Keyed {
  readonly keyId: string
  /** 16 hex digits. */
  atom(kind: AtomKind, normalised: string): string
  verb(stem: string): string
  /** 32 hex digits over all of the content. */
  digest(content: string | Uint8Array): string
  secret(value: string): string
}

export function keyedWith(key: Uint8Array): Keyed {
  const derive = (purpose: string): Buffer =>
    createHmac('sha256', key).update(`watchkeeper/capture/${purpose}`).digest()
  const hashers = Object.fromEntries(atomKinds.map((kind) => [kind, sipHasher(derive(kind))])) as Record<
    AtomKind,
    (text: string) => string
  >
  const verb = sipHasher(derive('verb'))
  const digestKey = derive('digest')
  const secretKey = derive('secret')
  return {
    keyId: derive('key id').toString('hex').slice(0, 8),
    atom: (kind, normalised) => hashers[kind](normalised),
    verb,
    digest: (content) => createHmac('sha256', digestKey).update(content).digest('hex').slice(0, 32),
    secret: (value) => createHmac('sha256', secretKey).update(value).digest('hex').slice(0, 16),
  }
}
