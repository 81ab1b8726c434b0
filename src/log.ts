/** The process's log: pino to stderr, since stdout belongs to the command's answer. */
import { type Logger, pino } from 'pino'
import { PinoPretty } from 'pino-pretty'
import type { Config } from './config.js'

export type { Logger } from 'pino'

const secretNames = ['password', 'secret', 'key', 'token', 'authorization', 'pepper', 'dsn']

/** One logger for a process; stages take `log.child({ stage })`. Whatever is named like a secret is censored. */
export function createLogger(config: Pick<Config, 'logLevel' | 'logFormat'>): Logger {
  const pretty = config.logFormat === 'pretty' || (config.logFormat === 'auto' && process.stderr.isTTY)
  return pino(
    {
      level: config.logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`]) },
    },
    pretty
      ? PinoPretty({ destination: 2, sync: true, translateTime: 'SYS:HH:MM:ss' })
      : pino.destination({ dest: 2, sync: true }),
  )
}
