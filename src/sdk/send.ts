/**
 * One OTLP/HTTP request and what its answer means. The rules are those of the OTLP specification: 2xx is kept but for what
 * `partialSuccess` rejects; 429, 502, 503 and 504 and a broken connection mean later; all else is final.
 */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

export type SendAnswer =
  /** Kept, but for `rejected` records, which must not be sent again. */
  | { readonly type: 'kept'; readonly rejected: number; readonly message: string }
  | { readonly type: 'later'; readonly reason: string; readonly afterMs: number | undefined }
  | { readonly type: 'refused'; readonly status: number; readonly message: string }

export interface SendOptions {
  /** Of the receiver, without path. */
  readonly url: string
  /** Default: logs. */
  readonly signalType?: 'logs' | 'traces'
  /** Ingest key; '' sends none. */
  readonly key: string
  /** Milliseconds until an answer is no longer waited for. The receiver answers within 8 s. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  readonly fetch?: typeof fetch
}

const compress = promisify(gzip)
const laterStatuses = new Set([429, 502, 503, 504])
/** Bytes of an answer that are read; a success or a status is far shorter. */
const answerBytes = 64 * 1024

/** Sends one OTLP/JSON body. Never rejects. */
export async function sendLogs(body: string, options: SendOptions): Promise<SendAnswer> {
  const timeout = AbortSignal.timeout(options.timeoutMs)
  try {
    const response = await (options.fetch ?? fetch)(
      `${options.url.replace(/\/+$/, '')}/v1/${options.signalType ?? 'logs'}`,
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-encoding': 'gzip',
          ...(options.key === '' ? {} : { authorization: `Bearer ${options.key}` }),
        },
        body: await compress(body),
        // A redirect would hand the key to somebody else.
        redirect: 'error',
        signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
      },
    )
    const answer = await readAnswer(response)
    if (response.ok) return keptAnswer(answer)
    if (laterStatuses.has(response.status))
      return {
        type: 'later',
        reason: `status ${response.status}`,
        afterMs: retryAfter(response.headers.get('retry-after'), Date.now()),
      }
    return { type: 'refused', status: response.status, message: messageOf(answer) }
  } catch (error) {
    return { type: 'later', reason: failure(error), afterMs: undefined }
  }
}

/** Milliseconds of a `Retry-After` header: seconds, or a date. */
export function retryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs)
}

async function readAnswer(response: Response): Promise<unknown> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of response.body ?? []) {
    bytes += (piece as Uint8Array).length
    if (bytes > answerBytes) break
    pieces.push(piece as Uint8Array)
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8')) as unknown
  } catch {
    return undefined
  }
}

function keptAnswer(answer: unknown): SendAnswer {
  const partial = memberOf(answer, 'partialSuccess')
  const rejected = Number(memberOf(partial, 'rejectedLogRecords') ?? 0)
  return {
    type: 'kept',
    rejected: Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0,
    message: shortText(memberOf(partial, 'errorMessage')),
  }
}

const messageOf = (answer: unknown): string => shortText(memberOf(answer, 'message'))
const shortText = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 500) : '')
const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined

/** `fetch failed` says nothing; its cause does (ECONNREFUSED, ECONNRESET …). */
function failure(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown failure'
  const { cause } = error
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message
  return error.name === 'TimeoutError' ? 'no answer in time' : error.message
}
