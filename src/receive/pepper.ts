/**
 * The second key over every fingerprint and digest. Producers and readers of the store hold the tenant's key and could
 * enumerate names, dates and account numbers with it; this one never leaves the receivers. All of them must share it.
 */
import { createHash, createHmac, hash, randomBytes } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.js'

export interface Pepper {
  /** A keyed hash of an already keyed hash, 16 lower-case hex digits; '' stays ''. Values of two tenants cannot be compared. */
  of(tenant: string): (value: string) => string
}

/**
 * SHA-256 over a 256-bit key and the value, cut to 64 bits. The cut is what makes a plain prefix safe: extending it would
 * need the 192 bits that are not given. Measured on Node 20: 0.4 µs a value, HMAC 2.0 µs.
 */
export function createPepper(secret: string): Pepper {
  const keys = new Map<string, string>()
  return {
    of(tenant) {
      const key = keys.get(tenant) ?? createHmac('sha256', secret).update(tenant).digest('hex')
      keys.set(tenant, key)
      return (value) => (value === '' ? '' : hash('sha256', key + value, 'hex').slice(0, 16))
    },
  }
}

/** The pepper of the settings, else the one in the data folder, which is made where it is missing. */
export async function openPepper(config: Pick<Config, 'pepper' | 'dataDir'>): Promise<Pepper> {
  if (config.pepper !== '') return createPepper(config.pepper)
  const path = join(config.dataDir, 'pepper')
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(randomBytes(32).toString('hex'))
    await file.sync()
    await file.close()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return createPepper(await readFile(path, 'utf8'))
}

/** A name for content that must not be known: the id of a dead letter is made of it. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')
