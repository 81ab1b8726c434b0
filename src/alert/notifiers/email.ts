/**
 * E-mail over SMTP, text alone: there is no HTML for anybody to hide something in. All versions of an incident are one thread;
 * what is sent twice has the same Message-ID. Once the server has taken it, it is delivered, also where it did not take it
 * for some of several addresses.
 */
import { createTransport } from 'nodemailer'
import { type Digest, digestOf } from '../digest.js'
import { roundupOf } from '../roundup.js'
import { attempt } from './attempt.js'
import type { Common, DeliveryResult, Notifier, Secret } from './contract.js'

export interface EmailSettings extends Common {
  readonly host: string
  readonly port: number
  /** From the first byte on, after STARTTLS (without which nothing is sent), or none, for a relay on this machine. */
  readonly tls: 'implicit' | 'starttls' | 'none'
  readonly from: string
  readonly to: readonly string[]
  /** No log-in without one. */
  readonly user: string | undefined
  readonly password: Secret | undefined
}

export function email(settings: EmailSettings): Notifier {
  const { name, host, port, tls, from, to, user, password, timeoutMs = 10_000, places } = settings
  const send = (digest: Digest, messageId: string, signal: AbortSignal): Promise<DeliveryResult> =>
    attempt(async () => {
      const pass = await password?.()
      const transport = createTransport({
        host,
        port,
        secure: tls === 'implicit',
        requireTLS: tls === 'starttls',
        ignoreTLS: tls === 'none',
        connectionTimeout: timeoutMs,
        greetingTimeout: timeoutMs,
        socketTimeout: timeoutMs,
        // Nothing in a message makes us read a file or an address.
        disableFileAccess: true,
        disableUrlAccess: true,
        ...(user === undefined ? {} : { auth: { user, pass: pass ?? '' } }),
      })
      const cut = (): void => transport.close()
      signal.addEventListener('abort', cut, { once: true })
      const { headline, summary, facts, timeline, next, tags, links, incident } = digest
      const thread = `<${incident}@watchkeeper>`
      try {
        await transport.sendMail({
          from,
          to: [...to],
          subject: headline,
          messageId: `<${messageId}@watchkeeper>`,
          // A message about several is of no one's thread.
          ...(incident === '' ? {} : { inReplyTo: thread, references: [thread] }),
          headers: { 'auto-submitted': 'auto-generated' },
          text: [
            summary,
            '',
            ...facts.map(([what, value]) => `${what}: ${value}`),
            '',
            ...timeline,
            '',
            ...next,
            ...links.map(({ name: place, url }) => `${place}: ${url}`),
            '',
            tags.join(' '),
          ].join('\n'),
        })
        return { type: 'delivered', status: 250 }
      } catch (error) {
        return answered(error)
      } finally {
        signal.removeEventListener('abort', cut)
        transport.close()
      }
    })
  return {
    name,
    deliver: (incident, notice, signal) => {
      const digest = digestOf(incident, notice, places)
      return send(digest, `${digest.event}.${notice}`, signal)
    },
    deliverTogether: (told, signal) => {
      const digest = roundupOf(told, places)
      return send(digest, digest.event, signal)
    },
  }
}

/** 5xx is for good (RFC 5321 §4.2.1), but not at the log-in, which is our set-up and not this message. */
function answered(error: unknown): DeliveryResult {
  const { code = 'a fault of ours', responseCode: status = 0 } = error as {
    readonly code?: string
    readonly responseCode?: number
  }
  if (status >= 500 && code !== 'EAUTH') return { type: 'refused', reason: `answered ${status}`, status }
  return {
    type: 'retry',
    reason: status === 0 ? `the connection failed (${code})` : `answered ${status} (${code})`,
    status,
  }
}
