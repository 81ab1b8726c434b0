/** Where a command sends to, and as whom. */
import { type Dsn, developmentDsn, parseDsn } from '@watchkeeper/sdk/dsn'
import { WatchkeeperError } from '../../errors.js'

/**
 * The DSN (`''`: the development keys, which only a service on this machine accepts), with the address of `--to` where that
 * is given. Throws `WK_USAGE` and `WK_DSN`; `command` begins the message.
 */
export function readDestination(command: string, text: string, to: string | undefined): Dsn {
  const dsn = text === '' ? developmentDsn : parseDsn(text)
  if ('fault' in dsn) throw new WatchkeeperError('WK_DSN', `${command}: ${dsn.fault}`)
  if (to === undefined) {
    if (text === '') throw new WatchkeeperError('WK_USAGE', `${command}: say where to with --to URL, or give a --dsn`)
    return dsn
  }
  const url = URL.canParse(to) ? new URL(to) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new WatchkeeperError('WK_USAGE', `${command}: --to expects an http or https URL`)
  return { ...dsn, endpoint: url.origin + url.pathname.replace(/\/+$/, '') }
}

/** The receiver's 401 or 403: nothing else would fare better. */
export const keyRefused = (status: number): WatchkeeperError =>
  new WatchkeeperError(
    'WK_RECEIVER_REFUSED',
    `the receiver does not accept the ingest key (status ${status}); give one with --dsn or WATCHKEEPER_DSN`,
  )
