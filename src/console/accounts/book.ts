/** The accounts of a running console. It follows the file, so that an account can be made or revoked without a restart. */
import { Followed, type FollowOptions } from '../../followed-file.js'
import { isValid } from '../../hashed-key.js'
import type { Person } from '../person.js'
import { type Account, type AccountFile, accountOfKey, accountsKind } from './file.js'

export type AccountBookOptions = Omit<FollowOptions<AccountFile>, 'onChange'>

export class AccountBook {
  readonly #file: Followed<AccountFile>
  readonly #now: () => number

  private constructor(file: Followed<AccountFile>, now: () => number) {
    this.#file = file
    this.#now = now
  }

  /** Throws `WK_ACCOUNTS_FILE` if the file is there and cannot be understood. */
  static async open(options: AccountBookOptions): Promise<AccountBook> {
    return new AccountBook(await Followed.open(accountsKind, options), options.now)
  }

  /** False while there never was an account. A revoked account is one. */
  async hasAccounts(): Promise<boolean> {
    return (await this.#file.current()).accounts.length > 0
  }

  async ofKey(key: string): Promise<Person | undefined> {
    return this.#person(accountOfKey(await this.#file.current(), key), 'api_key')
  }

  /** Somebody who logged in with the key of this account, if it still holds. */
  async ofAccount(id: string): Promise<Person | undefined> {
    const { accounts } = await this.#file.current()
    return this.#person(
      accounts.find((one) => one.id === id),
      'person',
    )
  }

  #person(account: Account | undefined, by: Person['by']): Person | undefined {
    if (account === undefined || !isValid(account, this.#now())) return undefined
    const { id, name, role, tenant } = account
    return { id: `key:${id}`, name, role, tenant: tenant === '*' ? undefined : tenant, by }
  }
}
