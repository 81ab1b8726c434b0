/** The parameters of a request's URL: which are ours, which are settings of the query, which are values bound to it. */
import { Fault } from './fault.js'
import { quoted } from './statement.js'

export interface Request {
  /** The statement, when it is in the URL. */
  readonly query: string | undefined
  readonly queryId: string | undefined
  readonly database: string | undefined
  readonly defaultFormat: string | undefined
  readonly gzipAnswer: boolean
  /** Native blocks are expected as of a protocol revision; see `hello.ts`. */
  readonly nativeRevision: boolean
  readonly settings: ReadonlyMap<string, string>
  /** Values as ClickHouse's escaped text. */
  readonly params: ReadonlyMap<string, string>
}

/** Of the HTTP interface and without meaning here: nothing is cached, buffered in pieces, or reported as it goes. */
const ignored = new Set([
  'user',
  'password',
  'wait_end_of_query',
  'buffer_size',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'cancel_http_readonly_queries_on_client_close',
  'log_comment',
])
const ofTheInterface = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'enable_http_compression',
  'client_protocol_version',
])
const name = /^[A-Za-z_]\w{0,127}$/

/** Reads a URL's parameters; `known` says whether the engine has a setting of that name. */
export function readRequest(search: URLSearchParams, known: (setting: string) => boolean): Request {
  const settings = new Map<string, string>()
  const params = new Map<string, string>()
  const own = new Map<string, string>()
  for (const [key, value] of search) {
    if (key.startsWith('param_') && name.test(key)) {
      // The statement that binds it ends at a NUL; the escape means the same.
      params.set(key, value.replaceAll('\0', '\\0'))
      continue
    }
    if (value.includes('\0')) throw new Fault('BAD_ARGUMENTS', `URL parameter ${printable(key)} holds a NUL`)
    if (ofTheInterface.has(key)) own.set(key, value)
    else if (key === 'compress' || key === 'decompress') {
      if (value !== '0')
        throw new Fault('NOT_IMPLEMENTED', `${key}=1 (ClickHouse block compression) is not available: use gzip`)
    } else if (key === 'session_id' || key === 'role' || key === 'quota_key')
      throw new Fault('NOT_IMPLEMENTED', `${key} is not available in the embedded engine`)
    else if (ignored.has(key)) continue
    else if (name.test(key) && known(key)) settings.set(key, value)
    else throw new Fault('UNKNOWN_SETTING', `Unknown setting ${printable(key)}`)
  }
  return {
    query: own.get('query'),
    queryId: own.get('query_id'),
    database: own.get('database') || undefined,
    defaultFormat: own.get('default_format') || undefined,
    nativeRevision: Number(own.get('client_protocol_version')) > 0,
    gzipAnswer: own.get('enable_http_compression') === '1',
    settings,
    params,
  }
}

const printable = (text: string) => JSON.stringify(text.slice(0, 64))

/** `SET a = '1', param_b = '…'`; '' for nothing to set. Names were checked, values are literals. */
export function setStatement(values: Iterable<readonly [string, string]>): string {
  const list = [...values].map(([key, value]) => `${key} = ${quoted(value)}`)
  return list.length === 0 ? '' : `SET ${list.join(', ')}`
}
