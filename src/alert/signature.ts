/**
 * Signs a delivery as the Standard Webhooks specification says (standardwebhooks.com, symmetric `v1`), so that a receiver
 * verifies it with a ready library, or with these lines:
 *
 *     const key = Buffer.from(secret)                       // or the base64 part of a `whsec_…` secret, decoded
 *     const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${rawBody}`
 *     const expected = createHmac('sha256', key).update(signed).digest()
 *     const valid = headers['webhook-signature'].split(' ').some((entry) => {
 *       const given = Buffer.from(entry.replace(/^v1,/, ''), 'base64')
 *       return given.length === expected.length && timingSafeEqual(given, expected)
 *     })
 *     const fresh = Math.abs(Date.now() / 1000 - Number(headers['webhook-timestamp'])) < 300
 *
 * Verify the bytes as they came, before parsing. A retry carries the same id, and a timestamp and signature of its own.
 */
import { createHmac } from 'node:crypto'

/** `seconds`: Unix time of this attempt. */
export function signedHeaders(secret: string, id: string, seconds: number, body: string): Record<string, string> {
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${seconds}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${signature}` }
}

/** The specification's own form is `whsec_` and base64; any other text is the key as it stands. */
function keyOf(secret: string): Buffer {
  const prefix = 'whsec_'
  return secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), 'base64') : Buffer.from(secret)
}
