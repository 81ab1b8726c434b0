/** The file of accounts: API keys of the console, with a role and a tenant each. */
import { join } from 'node:path'
import type { Config } from '../../config.js'
import { changeFollowed, type FollowedFile, readFollowed } from '../../followed-file.js'
import { entryOf, type HashedKey, hasIdAndHash, hasProperEnd, newKey } from '../../hashed-key.js'
import { isTenant } from '../../policy-file.js'
import { type AccountRole, accountRoles } from '../person.js'

export interface Account extends HashedKey {
  /** Stands in the history of what was done. */
  readonly name: string
  readonly role: AccountRole
  /** '*' is all tenants. */
  readonly tenant: string
}

export interface AccountFile {
  readonly version: 1
  readonly accounts: readonly Account[]
}

export const noAccounts: AccountFile = { version: 1, accounts: [] }

export const accountFilePath = (config: Pick<Config, 'accountsFile' | 'dataDir'>): string =>
  config.accountsFile === '' ? join(config.dataDir, 'accounts.json') : config.accountsFile

const prefix = 'wkc'

/** A new key and its account. The key is shown once; the file has only its hash. */
export function newAccount(given: Pick<Account, 'name' | 'role' | 'tenant' | 'createdAt' | 'notAfter'>): {
  readonly key: string
  readonly account: Account
} {
  const { key, id, sha256 } = newKey(prefix)
  return { key, account: { id, ...given, sha256 } }
}

export const accountOfKey = ({ accounts }: AccountFile, key: string): Account | undefined =>
  entryOf(accounts, prefix, key)

/** As they stand in histories and lists: printable, at most 64 characters. */
export const isAccountName = (text: string): boolean => /^[\p{L}\p{N}][\p{L}\p{N} .@_+-]{0,63}$/u.test(text)

export const isTenantOrAll = (text: string): boolean => text === '*' || isTenant(text)

export const accountsKind: FollowedFile<AccountFile> = {
  what: 'accounts',
  code: 'WK_ACCOUNTS_FILE',
  empty: noAccounts,
  size: ({ accounts }) => accounts.length,
  counts: ({ accounts }) => ({ accounts: accounts.length }),
  faultOf(json) {
    const file = json as Partial<AccountFile> | null
    if (file === null || typeof file !== 'object' || file.version !== 1) return 'is not of version 1'
    if (!Array.isArray(file.accounts)) return 'lacks its accounts'
    for (const [index, given] of (file.accounts as readonly (Partial<Account> | null)[]).entries()) {
      const where = `has a fault in account ${index}:`
      const one = given ?? {}
      if (!hasIdAndHash(one)) return `${where} its id or hash`
      if (typeof one.name !== 'string' || !isAccountName(one.name)) return `${where} its name`
      if (!accountRoles.some((role) => role === one.role)) return `${where} its role`
      if (typeof one.tenant !== 'string' || !isTenantOrAll(one.tenant)) return `${where} its tenant`
      if (!hasProperEnd(one)) return `${where} its notAfter`
    }
    return undefined
  },
}

/** `undefined` where there is no file. Throws `WK_ACCOUNTS_FILE`. */
export const readAccounts = (path: string): Promise<AccountFile | undefined> => readFollowed(accountsKind, path)

/** As one step that others see whole or not at all. Throws `WK_ACCOUNTS_FILE`. */
export const changeAccounts = (path: string, change: (file: AccountFile) => AccountFile): Promise<void> =>
  changeFollowed(accountsKind, path, change)
