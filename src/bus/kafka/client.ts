/** The connection to Kafka as the settings state it, and kafkajs' own log as part of ours. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { Kafka, type KafkaConfig, type LogEntry, logLevel } from 'kafkajs'
import type { Config } from '../../config.js'
import { WatchkeeperError } from '../../errors.js'
import type { Logger } from '../../log.js'

export type KafkaSettings = Pick<
  Config,
  | 'kafkaBrokers'
  | 'kafkaTopicPrefix'
  | 'kafkaPartitions'
  | 'kafkaReplication'
  | 'kafkaRetentionHours'
  | 'kafkaTls'
  | 'kafkaTlsCaFile'
  | 'kafkaSaslMechanism'
  | 'kafkaSaslUser'
  | 'kafkaSaslPassword'
>

/** A member of a consumer group that is silent for so long loses its partitions. Milliseconds. */
export const sessionTimeout = 10_000
export const heartbeatInterval = 2_500

/**
 * kafkajs gives up after these retries (about 3 seconds) and we begin again ourselves: its own restarts cannot be
 * stopped once they are under way.
 */
const retry = { initialRetryTime: 100, multiplier: 2, maxRetryTime: 2_000, retries: 4 }

export function createClient(config: KafkaSettings, log: Logger): Kafka {
  if (config.kafkaSaslMechanism === 'plain' && !config.kafkaTls)
    log.warn('the Kafka password crosses the network in clear text: set WATCHKEEPER_KAFKA_TLS=true, or use SCRAM')
  return new Kafka({
    clientId: `watchkeeper-${hostname()}-${process.pid}`,
    brokers: [...config.kafkaBrokers],
    connectionTimeout: 3_000,
    authenticationTimeout: 5_000,
    requestTimeout: 6_000,
    retry,
    ...security(config),
    logLevel: kafkaLevel(log),
    logCreator: () => (entry) => bridge(entry, log),
  })
}

function security(config: KafkaSettings): Pick<KafkaConfig, 'ssl' | 'sasl'> {
  const login = { username: config.kafkaSaslUser, password: config.kafkaSaslPassword }
  const mechanism = config.kafkaSaslMechanism
  return {
    ...(config.kafkaTls ? { ssl: config.kafkaTlsCaFile === '' ? true : { ca: authority(config.kafkaTlsCaFile) } } : {}),
    // The three spellings look alike, but kafkajs types each mechanism with its own options.
    ...(mechanism === 'plain' ? { sasl: { mechanism, ...login } } : {}),
    ...(mechanism === 'scram-sha-256' ? { sasl: { mechanism, ...login } } : {}),
    ...(mechanism === 'scram-sha-512' ? { sasl: { mechanism, ...login } } : {}),
  }
}

function authority(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new WatchkeeperError('WK_CONFIG', `WATCHKEEPER_KAFKA_TLS_CA_FILE: cannot read ${file}`, { cause: error })
  }
}

/**
 * kafkajs calls an error what it goes on to retry, ten lines a second while a broker is away. What matters of it comes to
 * us as a rejection and is logged by us, so its own words are for debugging; but for one that nothing else would tell.
 */
function bridge({ level, namespace, log: { message, ...fields } }: LogEntry, log: Logger): void {
  const known = Object.fromEntries(
    ['broker', 'groupId', 'error', 'retryCount', 'topic', 'partition']
      .filter((name) => fields[name] !== undefined)
      .map((name) => [name, fields[name] instanceof Error ? fields[name].message : fields[name]]),
  )
  if (message.startsWith('Offset out of range'))
    log.error(known, 'Kafka deleted records before the store had read them: raise WATCHKEEPER_KAFKA_RETENTION_HOURS')
  else if (level === logLevel.ERROR || level === logLevel.WARN) log.debug(known, `kafkajs ${namespace}: ${message}`)
  else log.trace(known, `kafkajs ${namespace}: ${message}`)
}

/** The least level of kafkajs that is heard: below it, it does not even build its messages. */
function kafkaLevel(log: Logger): logLevel {
  if (log.isLevelEnabled('trace')) return logLevel.DEBUG
  return log.isLevelEnabled('debug') ? logLevel.WARN : logLevel.ERROR
}

/** Turns a failure to `attempt` something into `WK_BUS_UNAVAILABLE`, with the brokers' own words. */
export const unreachable =
  (attempt: string) =>
  (error: unknown): never => {
    const words = error instanceof Error ? error.message : String(error)
    throw new WatchkeeperError('WK_BUS_UNAVAILABLE', `cannot ${attempt} at Kafka: ${words}`, { cause: error })
  }
