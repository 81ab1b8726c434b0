/**
 * Who is sending: the key ring of a running receiver. It follows the file, so that a key can be added, rotated or revoked
 * without a restart, and keeps the last good content while the file cannot be read.
 */
import { developmentFingerprintKey } from '@watchkeeper/sdk/dsn'
import type { Role } from '../../audit-event.js'
import { fileStamp, isShared } from '../../followed-file.js'
import type { Logger } from '../../log.js'
import { Refusal } from '../refusal.js'
import { findKey, isValid, type KeyFile, readKeyFile } from './file.js'

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

/** Microseconds between two looks at the file: a revoked key is refused after at most this long. */
const lookEvery = 500_000

export interface KeyRingOptions {
  readonly path: string
  readonly log: Logger
  /** Microseconds. */
  readonly now: () => number
}

export class KeyRing {
  readonly #path: string
  readonly #log: Logger
  readonly #now: () => number
  #file: KeyFile | undefined
  #stamp = ''
  #lookedAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | undefined

  private constructor({ path, log, now }: KeyRingOptions) {
    this.#path = path
    this.#log = log
    this.#now = now
  }

  /** Reads the file for the first time; throws `WK_KEYS_FILE` if it is there and cannot be understood. */
  static async open(options: KeyRingOptions): Promise<KeyRing> {
    const ring = new KeyRing(options)
    ring.#stamp = await fileStamp(options.path)
    ring.#file = await readKeyFile(options.path)
    ring.#lookedAt = options.now()
    if (ring.#file !== undefined && (await isShared(options.path)))
      options.log.warn({ file: options.path }, 'the file of ingest keys can be read by others; chmod 600 it')
    return ring
  }

  /** False while there never was a key: then everyone who reaches us is the developer. A revoked key is a key. */
  get hasKeys(): boolean {
    return (this.#file?.keys.length ?? 0) > 0
  }

  /** Throws a `Refusal` that does not say which part of the key was wrong. */
  async sender(key: string | undefined): Promise<Sender> {
    await this.#follow()
    if (this.#file === undefined || !this.hasKeys) {
      // Whoever has a key means a tenant: taken for the developer, the records would be filed where nobody looks for them.
      if (key !== undefined) throw new Refusal('no_key', 'a key was sent, and there are no ingest keys here')
      return developmentSender
    }
    const entry = key === undefined ? undefined : findKey(this.#file, key)
    const tenant = entry === undefined ? undefined : this.#file.tenants[entry.tenant]
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

  /** Looks at the file if it is time, once for all requests that ask meanwhile. */
  #follow(): Promise<void> {
    if (this.#looking === undefined && this.#now() - this.#lookedAt >= lookEvery) {
      this.#lookedAt = this.#now()
      this.#looking = this.#look().finally(() => {
        this.#looking = undefined
      })
    }
    return this.#looking ?? Promise.resolve()
  }

  async #look(): Promise<void> {
    const stamp = await fileStamp(this.#path)
    if (stamp === this.#stamp) return
    this.#stamp = stamp
    const had = this.hasKeys
    try {
      const file = await readKeyFile(this.#path)
      // A file that went away must not open the door that its keys closed.
      if (file === undefined || (had && file.keys.length === 0)) {
        this.#log.error({ file: this.#path }, 'the ingest keys are gone from their file; the ones read before hold on')
        return
      }
      this.#file = file
      this.#log.info({ keys: file.keys.length, tenants: Object.keys(file.tenants).length }, 'ingest keys read again')
      if (!had && this.hasKeys)
        this.#log.warn('there are ingest keys now: they are asked for from here on; restart to listen beyond loopback')
    } catch (error) {
      this.#log.error({ err: error }, 'the ingest keys cannot be read again; the ones read before hold on')
    }
  }
}
