/**
 * The file of ingest keys: who may send, as which tenant, owner and role, and each tenant's fingerprint key. Of an ingest
 * key only the SHA-256 is kept (a key is 256 random bits, so a slow hash would add nothing). The fingerprint keys are
 * shared secrets and have to be kept as they are: the file is 0600, and what it holds is never logged.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import { isTenantName } from '@watchkeeper/sdk/dsn'
import { type Role, roles } from '../../audit-event.js'
import type { Config } from '../../config.js'
import { changeFollowed, type FollowedFile, readFollowed } from '../../followed-file.js'

export interface IngestKey {
  /** 8 hex digits, part of the key itself and no secret. */
  readonly id: string
  readonly tenant: string
  readonly owner: string
  readonly role: Role
  /** SHA-256 of the whole key, hex. */
  readonly sha256: string
  /** Times are ISO 8601. */
  readonly createdAt: string
  readonly notAfter?: string
  readonly revokedAt?: string
}

export interface KeyFile {
  readonly version: 1
  /** Fingerprint keys in base64url, by tenant. */
  readonly tenants: Readonly<Record<string, { readonly fingerprintKey: string }>>
  readonly keys: readonly IngestKey[]
}

export const emptyKeyFile: KeyFile = { version: 1, tenants: {}, keys: [] }

export const keyFilePath = (config: Pick<Config, 'keysFile' | 'dataDir'>): string =>
  config.keysFile === '' ? join(config.dataDir, 'keys.json') : config.keysFile

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** A new key and its entry. The key is shown once; the file has only its hash. */
export function newIngestKey(given: Pick<IngestKey, 'tenant' | 'owner' | 'role' | 'createdAt' | 'notAfter'>): {
  readonly key: string
  readonly entry: IngestKey
} {
  const id = randomBytes(4).toString('hex')
  const key = `wk_${id}_${randomBytes(32).toString('base64url')}`
  return { key, entry: { id, ...given, sha256: sha256(key).toString('hex') } }
}

export const newFingerprintKey = (): string => randomBytes(32).toString('base64url')

/** The entry of a key. Entries are found by the public id, hashes are compared in constant time. */
export function findKey(file: KeyFile, key: string): IngestKey | undefined {
  const id = /^wk_([0-9a-f]{8})_/.exec(key)?.[1]
  const given = sha256(key)
  return file.keys.find((entry) => entry.id === id && timingSafeEqual(Buffer.from(entry.sha256, 'hex'), given))
}

/** Not revoked and not past its end. `now` in microseconds. */
export function isValid(entry: IngestKey, now: number): boolean {
  return entry.revokedAt === undefined && (entry.notAfter === undefined || Date.parse(entry.notAfter) * 1000 > now)
}

/** What is wrong with the content, without quoting it. */
function faultOf(json: unknown): string | undefined {
  const file = json as Partial<KeyFile> | null
  if (file === null || typeof file !== 'object' || file.version !== 1) return 'is not of version 1'
  if (!Array.isArray(file.keys) || typeof file.tenants !== 'object' || file.tenants === null)
    return 'lacks its keys or tenants'
  for (const [name, tenant] of Object.entries(file.tenants)) {
    if (!isTenantName(name) || typeof tenant?.fingerprintKey !== 'string')
      return 'has a tenant without a proper name or fingerprint key'
    const bytes = Buffer.from(tenant.fingerprintKey, 'base64url').length
    if (bytes < 16 || bytes > 64) return 'has a fingerprint key that is not of 16 to 64 bytes'
  }
  for (const [index, key] of (file.keys as readonly Partial<IngestKey>[]).entries()) {
    const where = `has a fault in key ${index}:`
    if (!/^[0-9a-f]{8}$/.test(String(key.id)) || !/^[0-9a-f]{64}$/.test(String(key.sha256)))
      return `${where} its id or hash`
    if (typeof key.tenant !== 'string' || !Object.hasOwn(file.tenants, key.tenant))
      return `${where} its tenant is not in the file`
    if (typeof key.owner !== 'string' || !isOwnerName(key.owner)) return `${where} its owner`
    if (!roles.some((role) => role === key.role)) return `${where} its role`
    if (key.notAfter !== undefined && Number.isNaN(Date.parse(key.notAfter))) return `${where} its notAfter`
  }
  return undefined
}

/** Owners are shown in reports and are part of identity: printable ASCII without spaces, at most 64. */
export const isOwnerName = (text: string): boolean => /^[!-~]{1,64}$/.test(text)

const kind: FollowedFile<KeyFile> = { what: 'ingest keys', code: 'WK_KEYS_FILE', empty: emptyKeyFile, faultOf }

/** The file's content; `undefined` where there is none. Throws `WK_KEYS_FILE`. */
export const readKeyFile = (path: string): Promise<KeyFile | undefined> => readFollowed(kind, path)

/** Changes the file as one step that others see whole or not at all. Throws `WK_KEYS_FILE`. */
export const changeKeyFile = (path: string, change: (file: KeyFile) => KeyFile): Promise<void> =>
  changeFollowed(kind, path, change)
