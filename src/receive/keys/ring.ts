/** Who is sending: the key ring of a running receiver. It follows the file, so that a key can be added, rotated or revoked without a restart. */
import { developmentFingerprintKey } from '@watchkeeper/sdk/dsn'
import type { Role } from '../../audit-event.js'
import { Followed, type FollowOptions } from '../../followed-file.js'
import { isValid } from '../../hashed-key.js'
import { Refusal } from '../refusal.js'
import { findKey, type KeyFile, keysKind } from './file.js'

/** On whose behalf a request is received. */
export interface Sender {
  readonly keyId: string
  readonly tenant: string
  readonly owner: string
  readonly role: Role
  readonly fingerprintKey: Uint8Array
}

/** Stands in where there is no key at all: loopback only. */
export const developmentSender: Sender = {
  keyId: 'development',
  tenant: 'default',
  owner: 'development',
  role: 'agent',
  fingerprintKey: developmentFingerprintKey,
}

export type KeyRingOptions = Omit<FollowOptions<KeyFile>, 'onChange'>

export class KeyRing {
  readonly #file: Followed<KeyFile>
  readonly #now: () => number

  private constructor(file: Followed<KeyFile>, now: () => number) {
    this.#file = file
    this.#now = now
  }

  /** Reads the file for the first time; throws `WK_KEYS_FILE` if it is there and cannot be understood. */
  static async open(options: KeyRingOptions): Promise<KeyRing> {
    const file = await Followed.open(keysKind, {
      ...options,
      onChange(now, before) {
        if (before.keys.length === 0 && now.keys.length > 0)
          options.log.warn(
            'there are ingest keys now: they are asked for from here on; restart to listen beyond loopback',
          )
      },
    })
    return new KeyRing(file, options.now)
  }

  /** False while there never was a key: then everyone who reaches us is the developer. A revoked key is a key. */
  get hasKeys(): boolean {
    return this.#file.content.keys.length > 0
  }

  /** Throws a `Refusal` that does not say which part of the key was wrong. */
  async sender(key: string | undefined): Promise<Sender> {
    const file = await this.#file.current()
    if (file.keys.length === 0) {
      // Whoever has a key means a tenant: taken for the developer, the records would be filed where nobody looks for them.
      if (key !== undefined) throw new Refusal('no_key', 'a key was sent, and there are no ingest keys here')
      return developmentSender
    }
    const entry = key === undefined ? undefined : findKey(file, key)
    const tenant = entry === undefined ? undefined : file.tenants[entry.tenant]
    if (entry === undefined || tenant === undefined || !isValid(entry, this.#now()))
      throw new Refusal('no_key', 'no valid ingest key; send one as "Authorization: Bearer KEY"')
    return {
      keyId: entry.id,
      tenant: entry.tenant,
      owner: entry.owner,
      role: entry.role,
      fingerprintKey: Buffer.from(tenant.fingerprintKey, 'base64url'),
    }
  }
}
