/** What stands around a page: who sees it, and what became of the form that led to it. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Frame } from './pages/frame.js'
import type { Sessions } from './sessions.js'

/** An address names one of these, never the text: else a link could put words into our mouth. */
const notices: Readonly<Record<string, string>> = {
  acknowledge: 'Acknowledged.',
  assign: 'Assigned.',
  comment: 'The comment was added.',
  resolve: 'Resolved. Evidence that comes later reopens it.',
  reopen: 'Reopened.',
  verdict: 'The verdict was kept.',
  exclude: 'An exclusion is proposed below.',
  excluded: 'The exclusion stands in the policy file, with its case.',
  again: 'It will be sent again.',
  silence: 'Silenced.',
  expire: 'The silence is over.',
}

export type Notice = keyof typeof notices

/** Where a form leads when it was done. */
export const doneAt = (path: string, notice: string): string => `${path}?done=${notice}`

export type Framing = (request: FastifyRequest, reply: FastifyReply, title: string) => Promise<Frame>

/** A page has forms, and forms need a session, also of those who are not logged in. */
export const framing =
  (sessions: Sessions): Framing =>
  async (request, reply, title) => {
    const { person, way } = request.asking
    const session = request.asking.session ?? (await sessions.begin(reply))
    const done = (request.query as { readonly done?: unknown } | undefined)?.done
    const notice = typeof done === 'string' && Object.hasOwn(notices, done) ? notices[done] : undefined
    return {
      title,
      person: person && { name: person.name, role: person.role, tenant: person.tenant },
      csrf: sessions.csrfOf(session),
      path: request.url,
      local: way === 'local',
      ...(notice !== undefined && { notice }),
    }
  }
