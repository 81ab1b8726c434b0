/** Forms (multipart/form-data) with a statement and bound values: how the client sends values too long for a URL. */
import { Fault } from './fault.js'

export interface Form {
  readonly query: string
  readonly params: ReadonlyMap<string, string>
}

/** The boundary of a form's body, from its content type; `undefined` for any other content. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined || !/^multipart\/form-data\b/i.test(contentType)) return undefined
  const boundary = /;\s*boundary="?([\w'()+,./:=? -]{1,70})"?\s*$/i.exec(contentType)?.[1]
  if (boundary === undefined) throw new Fault('BAD_ARGUMENTS', 'The form names no boundary')
  return boundary
}

/** Reads the parts `query` and `param_*`. Anything else would be an external table, which is not available here. */
export function readForm(body: Buffer, boundary: string): Form {
  const text = body.toString('utf8')
  const [preamble = '', ...parts] = `\r\n${text}`.split(`\r\n--${boundary}`)
  if (preamble.trim() !== '' || parts.pop()?.trim() !== '--') throw broken()
  const params = new Map<string, string>()
  let query = ''
  for (const part of parts) {
    const blank = part.indexOf('\r\n\r\n')
    const name = /^\r\ncontent-disposition: form-data; name="([\w.-]{1,160})"$/i.exec(part.slice(0, blank))?.[1]
    if (blank === -1 || name === undefined) throw broken()
    const value = part.slice(blank + 4)
    if (name === 'query') query = value
    else if (/^param_[A-Za-z_]\w*$/.test(name)) params.set(name, value)
    else throw new Fault('NOT_IMPLEMENTED', `external tables are not available in the embedded engine (${name})`)
  }
  return { query, params }
}

const broken = () => new Fault('BAD_ARGUMENTS', 'The form is broken: expected the parts query and param_*')
