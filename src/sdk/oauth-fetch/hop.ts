/**
 * One request to addresses that were checked: the connection gets them instead of the name, so that a name that answers
 * differently the second time (DNS rebinding) changes nothing. Certificate and `Host` stay those of the name.
 */
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { canonicalAddress } from '../addresses.js'
import { bareHost, FetchRefused } from './guard.js'

export interface Hop {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: Uint8Array | undefined
  /** Checked ones, at least one. */
  readonly addresses: readonly string[]
  readonly maxBytes: number
  readonly ca: string | undefined
  readonly signal: AbortSignal
  /** Told which address the connection has, before anything is sent on it. */
  readonly onConnected: (address: string) => void
}

export interface HopAnswer {
  readonly status: number
  readonly statusText: string
  readonly headers: Headers
  readonly body: Buffer
}

/** These are the connection's business, not the caller's. */
const ownHeaders = ['host', 'connection', 'content-length', 'transfer-encoding', 'expect', 'upgrade', 'accept-encoding']

/** Rejects with a {@link FetchRefused}, with what the network said, or with an AbortError. */
export function sendHop(hop: Hop): Promise<HopAnswer> {
  const { url, method, body, ca, signal } = hop
  const headers = new Headers(hop.headers)
  for (const name of ownHeaders) headers.delete(name)
  if (!headers.has('accept')) headers.set('accept', '*/*')
  if (body !== undefined) headers.set('content-length', String(body.length))
  headers.set('accept-encoding', 'identity')
  return new Promise((done, failed) => {
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(
      {
        protocol: url.protocol,
        hostname: bareHost(url),
        port: url.port === '' ? undefined : Number(url.port),
        path: `${url.pathname}${url.search}`,
        method,
        headers: Object.fromEntries(headers),
        // A connection of its own: one of a pool could lead to addresses of an earlier check.
        agent: false,
        lookup: pinnedTo(hop.addresses),
        signal,
        ...(ca === undefined ? {} : { ca }),
      },
      (response) => {
        const pieces: Buffer[] = []
        let bytes = 0
        response.on('data', (piece: Buffer) => {
          bytes += piece.length
          if (bytes <= hop.maxBytes) {
            pieces.push(piece)
            return
          }
          // Said at once: a body that came in one piece is at its end already.
          failed(new FetchRefused('too_large', `${url.host} answers with more than ${hop.maxBytes} bytes`))
          request.destroy()
        })
        response.on('error', failed)
        response.on('end', () =>
          done({
            status: response.statusCode ?? 0,
            statusText: response.statusMessage ?? '',
            headers: headersOf(response.rawHeaders),
            body: Buffer.concat(pieces),
          }),
        )
      },
    )
    request.on('error', failed)
    request.on('socket', (socket) =>
      socket.once('connect', () => {
        const address = socket.remoteAddress ?? ''
        hop.onConnected(address)
        if (!hop.addresses.some((checked) => canonicalAddress(checked) === canonicalAddress(address)))
          request.destroy(
            new FetchRefused('address', `the connection to ${url.host} has another address than was checked`),
          )
      }),
    )
    request.end(body)
  })
}

function pinnedTo(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_hostname, options, callback) => {
    const [first] = all
    if (options.all) callback(null, all)
    else callback(null, first?.address ?? '', first?.family ?? 0)
  }
}

function headersOf(raw: readonly string[]): Headers {
  const headers = new Headers()
  for (let at = 0; at + 1 < raw.length; at += 2) headers.append(raw[at] ?? '', raw[at + 1] ?? '')
  return headers
}
