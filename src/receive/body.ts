/**
 * The body of a request, bounded three ways: bytes as sent, bytes after decompression, and the bytes of all requests
 * together. Nothing is taken that was not reserved first.
 */
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Refusal } from './refusal.js'

/** Counts the bytes of all requests that are being answered. */
export class InFlight {
  readonly #most: number
  #bytes = 0

  constructor(most: number) {
    this.#most = most
  }

  get bytes(): number {
    return this.#bytes
  }

  lease(): Lease {
    return new Lease((bytes) => {
      if (this.#bytes + bytes > this.#most)
        throw new Refusal('busy', 'too many bytes are being received at once; try again')
      this.#bytes += bytes
    })
  }
}

/** What one request holds of {@link InFlight}; given back when it is answered. */
export class Lease {
  readonly #take: (bytes: number) => void
  #held = 0

  constructor(take: (bytes: number) => void) {
    this.#take = take
  }

  /** Throws `busy` where there is no room. */
  reserve(bytes: number): void {
    this.#take(bytes)
    this.#held += bytes
  }

  release(): void {
    this.#take(-this.#held)
    this.#held = 0
  }
}

export interface BodyBounds {
  readonly maxBody: number
  readonly maxDecoded: number
}

/** Throws a `Refusal`: too large, busy, a coding that is not gzip, or not whole. */
export async function readBody(
  stream: Readable,
  contentEncoding: string | undefined,
  bounds: BodyBounds,
  lease: Lease,
): Promise<Buffer> {
  const coding = contentEncoding?.trim().toLowerCase() ?? ''
  if (coding !== '' && coding !== 'identity' && coding !== 'gzip')
    throw new Refusal('wrong_type', 'the Content-Encoding is neither gzip nor identity')
  const sent = await collect(stream, bounds.maxBody, lease)
  return coding === 'gzip' ? gunzip(sent, bounds.maxDecoded, lease) : sent
}

/**
 * Reads with listeners and not by iteration, which would destroy the socket at the first refusal: what is refused is still
 * read and thrown away, so that the exporter gets to read its answer.
 */
function collect(stream: Readable, most: number, lease: Lease): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const settle = (act: () => void): void => {
      stream.off('data', take).off('end', end).off('error', fail).off('aborted', aborted)
      act()
    }
    const refuse = (error: unknown): void =>
      settle(() => {
        stream.on('error', () => undefined).resume()
        reject(error)
      })
    const take = (chunk: Buffer): void => {
      length += chunk.length
      if (length > most) {
        refuse(new Refusal('too_large', `the body is larger than ${most} bytes; send smaller batches`))
        return
      }
      try {
        lease.reserve(chunk.length)
        chunks.push(chunk)
      } catch (error) {
        refuse(error)
      }
    }
    const end = (): void => settle(() => resolve(Buffer.concat(chunks, length)))
    const fail = (): void => refuse(new Refusal('unreadable', 'the body ended early'))
    const aborted = fail
    stream.on('data', take).on('end', end).on('error', fail).on('aborted', aborted)
  })
}

async function gunzip(sent: Buffer, most: number, lease: Lease): Promise<Buffer> {
  const stream = createGunzip()
  stream.end(sent)
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > most)
        throw new Refusal(
          'too_large',
          `the body is larger than ${most} bytes after decompression; send smaller batches`,
        )
      lease.reserve(chunk.length)
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw new Refusal('unreadable', 'the body is not whole gzip')
  }
  return Buffer.concat(chunks, length)
}
