/** The body of a request: unpacked, and bounded before and after. */
import type { IncomingMessage } from 'node:http'
import { type Readable, Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Fault } from './fault.js'

/** The body's bytes, unpacked; fails once more than `most` bytes came out. */
export function bodyOf(request: IncomingMessage, most: number): Readable {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity' && encoding !== 'gzip')
    throw new Fault('NOT_IMPLEMENTED', `Content-Encoding ${encoding.slice(0, 32)} is not available: use gzip`)
  if (Number(request.headers['content-length'] ?? 0) > most) throw tooLarge(most)
  const bound = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      left -= chunk.length
      if (left < 0) done(tooLarge(most))
      else done(null, chunk)
    },
  })
  let left = most
  const fail = (error: Error) => bound.destroy(error)
  // Whoever reads the body hears of its failure by reading; until then nobody listens, which must not end the process.
  bound.on('error', () => undefined)
  // A body that ends early closes without an error: then its part may not pass for the whole.
  request.once('close', () => {
    if (!request.complete) fail(new Fault('ABORTED', 'The client left before its request was complete'))
  })
  request.once('error', fail)
  if (encoding === 'identity') return request.pipe(bound)
  const gunzip = createGunzip()
  gunzip.once('error', (error) => fail(new Fault('CANNOT_DECOMPRESS', `The gzip body is broken: ${error.message}`)))
  return request.pipe(gunzip).pipe(bound)
}

const tooLarge = (most: number) =>
  new Fault('REQUEST_BODY_TOO_LARGE', `The body holds more than ${most} bytes: send smaller batches`)

/** The whole body in memory, at most `most` bytes. */
export async function collect(body: Readable, most: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > most) throw tooLarge(most)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
