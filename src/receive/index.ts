/**
 * The first stage: OTLP in, audit events on the bus. An answer of 200 means that the bus acknowledged every record of the
 * request.
 */
import type { Bus } from '../bus/index.js'
import type { Config } from '../config.js'
import { WatchkeeperError } from '../errors.js'
import type { Logger } from '../log.js'
import { isLoopback } from '../loopback.js'
import type { Telemetry } from '../telemetry.js'
import { acknowledgeWithin } from './intake.js'
import { keyFilePath } from './keys/file.js'
import { KeyRing } from './keys/ring.js'
import { openPepper } from './pepper.js'
import { createReceiver } from './server.js'

export interface ReceiveOptions {
  readonly config: Config
  readonly bus: Pick<Bus, 'publish'>
  readonly log: Logger
  readonly telemetry: Telemetry
  /** Microseconds since 1970. */
  readonly now: () => number
}

export interface Receive {
  /** `http://host:port` as bound. */
  readonly address: string
  /** Answers what is in hand, refuses what comes meanwhile with 503, then stops to listen. */
  close(): Promise<void>
}

/** Listens; throws `WK_PORT_IN_USE`, `WK_KEYS_FILE` and `WK_CONFIG`. */
export async function startReceive({ config, bus, log, telemetry, now }: ReceiveOptions): Promise<Receive> {
  const ring = await KeyRing.open({ path: keyFilePath(config), log, now })
  const pepper = await openPepper(config)
  const receiver = createReceiver({ config, bus, ring, pepper, log, telemetry, now })
  const host = ring.hasKeys || isLoopback(config.receiveHost) ? config.receiveHost : '127.0.0.1'
  let address: string
  try {
    address = await receiver.app.listen({ host, port: config.receivePort })
  } catch (error) {
    await receiver.app.close()
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EACCES')
      throw new WatchkeeperError(
        'WK_CONFIG',
        `cannot listen on ${host}, port ${config.receivePort} (${code}); see WATCHKEEPER_RECEIVE_HOST and WATCHKEEPER_RECEIVE_PORT`,
        { cause: error },
      )
    if (code !== 'EADDRINUSE') throw error
    throw new WatchkeeperError(
      'WK_PORT_IN_USE',
      `port ${config.receivePort} on ${host} is taken; stop what listens there or set WATCHKEEPER_RECEIVE_PORT`,
      { cause: error },
    )
  }
  if (ring.hasKeys) log.info({ address }, 'receiving OTLP')
  else {
    log.warn(
      { address },
      'receiving OTLP from this machine only, with the development key: there are no ingest keys ("watchkeeper keys create" makes one)',
    )
  }
  return {
    address,
    async close() {
      await receiver.drain(acknowledgeWithin + 1000)
      await receiver.app.close()
    },
  }
}
