/**
 * What a dead letter must keep for its replay and nobody may read in the store: the hashes of one of our own events, which
 * have no pepper yet. Peppered there, a replay would pepper them twice, and a record that is not understood may not say
 * which of its values are hashes. So they are sealed with a key that only receivers have, and opened when they come back.
 */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import type { Value, ValueMap } from './otlp/export.js'

/** The attribute that stands for all that are sealed. */
export const sealedAttribute = 'watchkeeper.sealed'

/** Authenticated encryption (AES-256-GCM) with one tenant's key: another tenant's seal does not open. */
export interface Seal {
  close(attributes: ValueMap): string
  /** `undefined`: nobody with this key has sealed it. */
  open(sealed: string): ValueMap | undefined
}

const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** `key`: 32 bytes. */
export function createSeal(key: Buffer): Seal {
  const nonceKey = createHmac('sha256', key).update('nonce').digest()
  return {
    close(attributes) {
      const text = Buffer.from(JSON.stringify(attributes, whole))
      // Out of the content, so that a retry is the same letter; two contents with one nonce are as likely as a broken hash.
      const nonce = createHmac('sha256', nonceKey).update(text).digest().subarray(0, nonceBytes)
      const closing = createCipheriv(cipher, key, nonce)
      const sealed = Buffer.concat([closing.update(text), closing.final()])
      return Buffer.concat([nonce, closing.getAuthTag(), sealed]).toString('base64url')
    },
    open(sealed) {
      const bytes = Buffer.from(sealed, 'base64url')
      if (bytes.length < nonceBytes + tagBytes) return undefined
      const opening = createDecipheriv(cipher, key, bytes.subarray(0, nonceBytes))
      opening.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
      try {
        const text = Buffer.concat([opening.update(bytes.subarray(nonceBytes + tagBytes)), opening.final()])
        return JSON.parse(text.toString(), fromWhole) as ValueMap
      } catch {
        return undefined
      }
    },
  }
}

/** JSON has no integers beyond 2^53. A clear value is never an object, so this form is free. */
const whole = (_name: string, value: unknown): unknown => (typeof value === 'bigint' ? { whole: String(value) } : value)

const fromWhole = (_name: string, value: Value): Value => {
  if (value === null || typeof value !== 'object' || !('whole' in value)) return value
  const { whole: digits } = value as { readonly whole: unknown }
  return typeof digits === 'string' ? BigInt(digits) : value
}
