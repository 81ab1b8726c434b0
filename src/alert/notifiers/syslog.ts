/**
 * Syslog (RFC 5424) over TCP or TLS, one message a connection, framed by its length (RFC 6587, RFC 5425). Syslog has no answer.
 * What comes closest: we end our side, and the receiver, which reads to the end, closes its own in order. A reset, or no end in
 * time, is tried again. A UDP datagram would be lost without anybody knowing, so there is none.
 */
import { connect as connectTcp } from 'node:net'
import { hostname } from 'node:os'
import { connect as connectTls } from 'node:tls'
import type { Severity } from '../../finding.js'
import type { Incident, Places } from '../../incidents.js'
import { cef } from '../cef.js'
import { instant } from '../instant.js'
import { detectionFinding } from '../ocsf.js'
import { attempt } from './attempt.js'
import type { Common, DeliveryResult, Notice, Notifier } from './contract.js'

export interface SyslogSettings extends Common {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly format: 'cef' | 'ocsf'
}

/** Facility 13, log audit. */
const facility = 13
const level: Readonly<Record<Severity, number>> = { critical: 2, high: 3, medium: 4, low: 5, info: 6 }

export function syslog({ name, host, port, tls, format, timeoutMs = 10_000, places }: SyslogSettings): Notifier {
  return {
    name,
    deliver: (incident, notice, signal) =>
      attempt(() => {
        const line = Buffer.from(message(incident, notice, format, places))
        return sent(Buffer.concat([Buffer.from(`${line.length} `), line]), { host, port, tls, timeoutMs, signal })
      }),
  }
}

/** No byte order mark before the text, which most parsers of CEF take for a part of it. */
function message(incident: Incident, notice: Notice, format: SyslogSettings['format'], places?: Places): string {
  const priority = facility * 8 + level[incident.severity]
  // The header is ASCII.
  const host =
    hostname()
      .replace(/[^!-~]/g, '')
      .slice(0, 255) || '-'
  const body =
    format === 'cef' ? cef(incident, notice, places) : JSON.stringify(detectionFinding(incident, notice, places))
  return `<${priority}>1 ${instant(incident.updatedAt)} ${host} watchkeeper - ${notice} - ${body}`
}

interface Line {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

function sent(frame: Buffer, { host, port, tls, timeoutMs, signal }: Line): Promise<DeliveryResult> {
  return new Promise((settled) => {
    const retry = (reason: string): void => settled({ type: 'retry', reason, status: 0 })
    const socket = tls ? connectTls({ host, port, servername: host }) : connectTcp({ host, port })
    const end = (reason: string): void => {
      retry(reason)
      socket.destroy()
    }
    const timer = setTimeout(() => end(`no end of the connection within ${timeoutMs} ms`), timeoutMs)
    const cut = (): void => end('cut off by our own end')
    if (signal.aborted) cut()
    signal.addEventListener('abort', cut, { once: true })
    let flushed = false
    socket.once(tls ? 'secureConnect' : 'connect', () =>
      socket.end(frame, () => {
        flushed = true
      }),
    )
    // Read, or the end is never seen.
    socket.resume()
    socket.once('end', () => {
      if (flushed) settled({ type: 'delivered', status: 0 })
      else retry('the connection ended before the message was sent')
    })
    socket.once('error', (error: NodeJS.ErrnoException) => retry(`the connection failed (${error.code ?? 'TLS'})`))
    socket.once('close', () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', cut)
      retry('the connection was closed')
    })
  })
}
