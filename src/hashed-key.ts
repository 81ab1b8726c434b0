/**
 * Keys that are shown once and kept as a hash: of services that send, of people and programs that ask. A key is 256 random bits, so
 * SHA-256 is enough; a slow hash would add nothing.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

export interface HashedKey {
  /** 8 hex digits, part of the key itself and no secret. */
  readonly id: string
  /** SHA-256 of the whole key, hex. */
  readonly sha256: string
  /** Times are ISO 8601. */
  readonly createdAt: string
  readonly notAfter?: string
  readonly revokedAt?: string
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** A new key, `PREFIX_ID_SECRET`, and what is kept of it. */
export function newKey(prefix: string): { readonly key: string } & Pick<HashedKey, 'id' | 'sha256'> {
  const id = randomBytes(4).toString('hex')
  const key = `${prefix}_${id}_${randomBytes(32).toString('base64url')}`
  return { key, id, sha256: sha256(key).toString('hex') }
}

/** The entry of a key. Entries are found by the public id, hashes are compared in constant time. */
export function entryOf<Entry extends HashedKey>(
  entries: readonly Entry[],
  prefix: string,
  key: string,
): Entry | undefined {
  const id = key.startsWith(`${prefix}_`) ? /^([0-9a-f]{8})_/.exec(key.slice(prefix.length + 1))?.[1] : undefined
  const given = sha256(key)
  return entries.find((entry) => entry.id === id && timingSafeEqual(Buffer.from(entry.sha256, 'hex'), given))
}

/** Not revoked and not past its end. `now` in microseconds. */
export const isValid = ({ revokedAt, notAfter }: HashedKey, now: number): boolean =>
  revokedAt === undefined && (notAfter === undefined || Date.parse(notAfter) * 1000 > now)

/** How it stands, for lists. `now` in microseconds. */
export function standingOf(entry: HashedKey, now: number): string {
  if (entry.revokedAt !== undefined) return `revoked ${entry.revokedAt}`
  if (!isValid(entry, now)) return `ended ${entry.notAfter}`
  return entry.notAfter === undefined ? 'valid' : `valid until ${entry.notAfter}`
}

/** The entries with this one ended; one that is ended already stays as it was. `undefined`: there is none of this id. */
export function withoutKey<Entry extends HashedKey>(
  entries: readonly Entry[],
  id: string,
  revokedAt: string,
): Entry[] | undefined {
  if (!entries.some((entry) => entry.id === id)) return undefined
  return entries.map((entry) => (entry.id === id && entry.revokedAt === undefined ? { ...entry, revokedAt } : entry))
}

/** Of an entry as a file has it. */
export const hasIdAndHash = ({ id, sha256: hash }: Partial<HashedKey>): boolean =>
  /^[0-9a-f]{8}$/.test(String(id)) && /^[0-9a-f]{64}$/.test(String(hash))
export const hasProperEnd = ({ notAfter }: Partial<HashedKey>): boolean =>
  notAfter === undefined || !Number.isNaN(Date.parse(notAfter))
