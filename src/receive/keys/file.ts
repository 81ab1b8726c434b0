/**
 * The file of ingest keys: who may send, as which tenant, owner and role, and each tenant's fingerprint key. The fingerprint keys are
 * shared secrets and have to be kept as they are: the file is 0600, and what it holds is never logged.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { isTenantName } from '@watchkeeper/sdk/dsn'
import { type Role, roles } from '../../audit-event.js'
import type { Config } from '../../config.js'
import { changeFollowed, type FollowedFile, readFollowed } from '../../followed-file.js'
import { entryOf, type HashedKey, hasIdAndHash, hasProperEnd, newKey } from '../../hashed-key.js'

export interface IngestKey extends HashedKey {
  readonly tenant: string
  readonly owner: string
  readonly role: Role
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

const prefix = 'wk'

/** A new key and its entry. The key is shown once; the file has only its hash. */
export function newIngestKey(given: Pick<IngestKey, 'tenant' | 'owner' | 'role' | 'createdAt' | 'notAfter'>): {
  readonly key: string
  readonly entry: IngestKey
} {
  const { key, id, sha256 } = newKey(prefix)
  return { key, entry: { id, ...given, sha256 } }
}

export const newFingerprintKey = (): string => randomBytes(32).toString('base64url')

export const findKey = ({ keys }: KeyFile, key: string): IngestKey | undefined => entryOf(keys, prefix, key)

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
    if (!hasIdAndHash(key)) return `${where} its id or hash`
    if (typeof key.tenant !== 'string' || !Object.hasOwn(file.tenants, key.tenant))
      return `${where} its tenant is not in the file`
    if (typeof key.owner !== 'string' || !isOwnerName(key.owner)) return `${where} its owner`
    if (!roles.some((role) => role === key.role)) return `${where} its role`
    if (!hasProperEnd(key)) return `${where} its notAfter`
  }
  return undefined
}

/** Owners are shown in reports and are part of identity: printable ASCII without spaces, at most 64. */
export const isOwnerName = (text: string): boolean => /^[!-~]{1,64}$/.test(text)

export const keysKind: FollowedFile<KeyFile> = {
  what: 'ingest keys',
  code: 'WK_KEYS_FILE',
  empty: emptyKeyFile,
  faultOf,
  size: ({ keys }) => keys.length,
  counts: ({ keys, tenants }) => ({ keys: keys.length, tenants: Object.keys(tenants).length }),
}

/** The file's content; `undefined` where there is none. Throws `WK_KEYS_FILE`. */
export const readKeyFile = (path: string): Promise<KeyFile | undefined> => readFollowed(keysKind, path)

/** Changes the file as one step that others see whole or not at all. Throws `WK_KEYS_FILE`. */
export const changeKeyFile = (path: string, change: (file: KeyFile) => KeyFile): Promise<void> =>
  changeFollowed(keysKind, path, change)
