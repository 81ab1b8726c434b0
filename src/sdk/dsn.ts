/**
 * The one setting that connects a service, `WATCHKEEPER_DSN`:
 *
 *     https://INGEST_KEY@host:4318/?tenant=acme&fingerprint_key=BASE64URL
 *
 * Where to send, as whom, and with which key values are fingerprinted. It is a secret: it is never logged.
 */

export interface Dsn {
  /** Origin and path that `/v1/logs` is appended to, without a slash at its end. */
  readonly endpoint: string
  /** Goes into `Authorization: Bearer …`; '' sends no such header (loopback development). */
  readonly ingestKey: string
  readonly tenant: string
  /** The tenant's fingerprint key, 16 to 64 bytes. */
  readonly fingerprintKey: Uint8Array
}

/**
 * The fingerprint key of a service on loopback without ingest keys. It is no secret, so whoever holds the records can
 * guess short values: records made with it carry its key id.
 */
export const developmentFingerprintKey: Uint8Array = new TextEncoder().encode('watchkeeper/development/fingerprints')

/** What is used where nothing is set: a service on this machine, without keys. */
export const developmentDsn: Dsn = {
  endpoint: 'http://127.0.0.1:4318',
  ingestKey: '',
  tenant: 'default',
  fingerprintKey: developmentFingerprintKey,
}

const tenantForm = /^[a-z0-9][a-z0-9_-]{0,63}$/

/** Lower-case letters, digits, `-` and `_`, at most 64: safe in URLs, file names, SQL identifiers and metric labels. */
export const isTenantName = (text: string): boolean => tenantForm.test(text)

/** The parts of a DSN, or what is wrong with it. The fault never quotes the DSN. */
export function parseDsn(text: string): Dsn | { readonly fault: string } {
  if (!URL.canParse(text)) return { fault: 'the DSN is not a URL' }
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return { fault: 'the DSN does not begin with http or https' }
  if (url.password !== '' || !/^[A-Za-z0-9_-]*$/.test(url.username))
    return { fault: 'the ingest key in the DSN has other characters than letters, digits, - and _' }
  const tenant = url.searchParams.get('tenant') ?? ''
  if (!isTenantName(tenant)) return { fault: 'the DSN has no tenant, or one that is not a lower-case name' }
  const encoded = url.searchParams.get('fingerprint_key') ?? ''
  const fingerprintKey = new Uint8Array(Buffer.from(encoded, 'base64url'))
  if (!/^[A-Za-z0-9_-]*$/.test(encoded) || fingerprintKey.length < 16 || fingerprintKey.length > 64)
    return { fault: 'the DSN has no fingerprint_key of 16 to 64 bytes in base64url' }
  return {
    endpoint: url.origin + url.pathname.replace(/\/+$/, ''),
    ingestKey: url.username,
    tenant,
    fingerprintKey,
  }
}

/** The DSN of the given parts; `parseDsn` gives them back. */
export function formatDsn(dsn: Dsn): string {
  const url = new URL(`${dsn.endpoint}/`)
  url.username = dsn.ingestKey
  url.searchParams.set('tenant', dsn.tenant)
  url.searchParams.set('fingerprint_key', Buffer.from(dsn.fingerprintKey).toString('base64url'))
  return url.href
}
