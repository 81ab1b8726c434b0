/**
 * The accounts of a running console. It follows the file, so that an account can be made or revoked without a restart, and keeps
 * the last good content while the file cannot be read.
 */
import { fileStamp, isShared } from '../../followed-file.js'
import type { Logger } from '../../log.js'
import type { Person } from '../person.js'
import { type Account, type AccountFile, accountOfKey, isValid, noAccounts, readAccounts } from './file.js'

export interface AccountBookOptions {
  readonly path: string
  readonly log: Logger
  /** Microseconds. */
  readonly now: () => number
}

/** Microseconds between two looks at the file: a revoked account is refused after at most this long. */
const lookEvery = 500_000

export class AccountBook {
  readonly #options: AccountBookOptions
  #file: AccountFile = noAccounts
  #stamp = ''
  #lookedAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | undefined

  private constructor(options: AccountBookOptions) {
    this.#options = options
  }

  /** Throws `WK_ACCOUNTS_FILE` if the file is there and cannot be understood. */
  static async open(options: AccountBookOptions): Promise<AccountBook> {
    const { path, log, now } = options
    const book = new AccountBook(options)
    book.#stamp = await fileStamp(path)
    const file = await readAccounts(path)
    book.#file = file ?? noAccounts
    book.#lookedAt = now()
    if (file !== undefined && (await isShared(path)))
      log.warn({ file: path }, 'the file of accounts can be read by others; chmod 600 it')
    return book
  }

  /** False while there never was an account. A revoked account is one. */
  async hasAccounts(): Promise<boolean> {
    await this.#follow()
    return this.#file.accounts.length > 0
  }

  async ofKey(key: string): Promise<Person | undefined> {
    await this.#follow()
    return this.#person(accountOfKey(this.#file, key), 'api_key')
  }

  /** Somebody who logged in with the key of this account, if it still holds. */
  async ofAccount(id: string): Promise<Person | undefined> {
    await this.#follow()
    return this.#person(
      this.#file.accounts.find((one) => one.id === id),
      'person',
    )
  }

  #person(account: Account | undefined, by: Person['by']): Person | undefined {
    if (account === undefined || !isValid(account, this.#options.now())) return undefined
    const { id, name, role, tenant } = account
    return { id: `key:${id}`, name, role, tenant: tenant === '*' ? undefined : tenant, by }
  }

  /** Looks at the file if it is time, once for all requests that ask meanwhile. */
  #follow(): Promise<void> {
    const now = this.#options.now()
    if (this.#looking === undefined && now - this.#lookedAt >= lookEvery) {
      this.#lookedAt = now
      this.#looking = this.#look().finally(() => {
        this.#looking = undefined
      })
    }
    return this.#looking ?? Promise.resolve()
  }

  async #look(): Promise<void> {
    const { path, log } = this.#options
    const stamp = await fileStamp(path)
    if (stamp === this.#stamp) return
    this.#stamp = stamp
    const had = this.#file.accounts.length > 0
    try {
      const file = await readAccounts(path)
      // A file that went away must not open the door that its accounts closed.
      if (had && (file === undefined || file.accounts.length === 0)) {
        log.error({ file: path }, 'the accounts are gone from their file; the ones read before hold on')
        return
      }
      this.#file = file ?? noAccounts
      log.info({ accounts: this.#file.accounts.length }, 'accounts read again')
    } catch (error) {
      log.error({ err: error }, 'the accounts cannot be read again; the ones read before hold on')
    }
  }
}
