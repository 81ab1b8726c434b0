/**
 * The file of accounts: API keys of the console, with a role and a tenant each. Of a key only the SHA-256 is kept: it is 256 random
 * bits, so a slow hash would add nothing.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import type { Config } from '../../config.js'
import { changeFollowed, type FollowedFile, readFollowed } from '../../followed-file.js'
import { type AccountRole, accountRoles } from '../person.js'

export interface Account {
  /** 8 hex digits, part of the key itself and no secret. */
  readonly id: string
  /** Stands in the history of what was done. */
  readonly name: string
  readonly role: AccountRole
  /** '*' is all tenants. */
  readonly tenant: string
  /** SHA-256 of the whole key, hex. */
  readonly sha256: string
  /** Times are ISO 8601. */
  readonly createdAt: string
  readonly notAfter?: string
  readonly revokedAt?: string
}

export interface AccountFile {
  readonly version: 1
  readonly accounts: readonly Account[]
}

export const noAccounts: AccountFile = { version: 1, accounts: [] }

export const accountFilePath = (config: Pick<Config, 'accountsFile' | 'dataDir'>): string =>
  config.accountsFile === '' ? join(config.dataDir, 'accounts.json') : config.accountsFile

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** A new key and its account. The key is shown once; the file has only its hash. */
export function newAccount(given: Pick<Account, 'name' | 'role' | 'tenant' | 'createdAt' | 'notAfter'>): {
  readonly key: string
  readonly account: Account
} {
  const id = randomBytes(4).toString('hex')
  const key = `wkc_${id}_${randomBytes(32).toString('base64url')}`
  return { key, account: { id, ...given, sha256: sha256(key).toString('hex') } }
}

/** The account of a key. Accounts are found by the public id, hashes are compared in constant time. */
export function accountOfKey(file: AccountFile, key: string): Account | undefined {
  const id = /^wkc_([0-9a-f]{8})_/.exec(key)?.[1]
  const given = sha256(key)
  return file.accounts.find((one) => one.id === id && timingSafeEqual(Buffer.from(one.sha256, 'hex'), given))
}

/** Not revoked and not past its end. `now` in microseconds. */
export const isValid = ({ revokedAt, notAfter }: Account, now: number): boolean =>
  revokedAt === undefined && (notAfter === undefined || Date.parse(notAfter) * 1000 > now)

/** As they stand in histories and lists: printable, at most 64 characters. */
export const isAccountName = (text: string): boolean => /^[\p{L}\p{N}][\p{L}\p{N} .@_+-]{0,63}$/u.test(text)

export const isTenantOrAll = (text: string): boolean => text === '*' || /^[a-z0-9][a-z0-9_-]{0,62}$/.test(text)

const kind: FollowedFile<AccountFile> = {
  what: 'accounts',
  code: 'WK_ACCOUNTS_FILE',
  empty: noAccounts,
  faultOf(json) {
    const file = json as Partial<AccountFile> | null
    if (file === null || typeof file !== 'object' || file.version !== 1) return 'is not of version 1'
    if (!Array.isArray(file.accounts)) return 'lacks its accounts'
    for (const [index, given] of (file.accounts as readonly (Partial<Account> | null)[]).entries()) {
      const where = `has a fault in account ${index}:`
      const one = given ?? {}
      if (!/^[0-9a-f]{8}$/.test(String(one.id)) || !/^[0-9a-f]{64}$/.test(String(one.sha256)))
        return `${where} its id or hash`
      if (typeof one.name !== 'string' || !isAccountName(one.name)) return `${where} its name`
      if (!accountRoles.some((role) => role === one.role)) return `${where} its role`
      if (typeof one.tenant !== 'string' || !isTenantOrAll(one.tenant)) return `${where} its tenant`
      if (one.notAfter !== undefined && Number.isNaN(Date.parse(one.notAfter))) return `${where} its notAfter`
    }
    return undefined
  },
}

/** `undefined` where there is no file. Throws `WK_ACCOUNTS_FILE`. */
export const readAccounts = (path: string): Promise<AccountFile | undefined> => readFollowed(kind, path)

/** As one step that others see whole or not at all. Throws `WK_ACCOUNTS_FILE`. */
export const changeAccounts = (path: string, change: (file: AccountFile) => AccountFile): Promise<void> =>
  changeFollowed(kind, path, change)
