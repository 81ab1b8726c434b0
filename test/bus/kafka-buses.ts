/** Opens Kafka buses for tests, each with topics of its own unless a prefix is given, and closes them all at the end. */
import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { type Bus, createBus } from '../../src/bus/index.js'
import { type ConfigOverrides, readConfig } from '../../src/config.js'
import { Telemetry } from '../../src/telemetry.js'

/** Topics live as long as the broker, which may be one that was running before. */
const session = randomBytes(4).toString('hex')
let prefixes = 0
export const nextPrefix = (): string => `test-${session}-${prefixes++}`

/** `TEST_LOG_LEVEL=debug` shows what the buses say. */
export const silent = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' }, process.stderr)

export interface Heard {
  readonly telemetry?: Telemetry
  /** Collects the log, a JSON text each. */
  readonly lines?: string[]
}

export function kafkaBuses(address: string) {
  const open: Bus[] = []
  return {
    async openBus(overrides: ConfigOverrides = {}, { telemetry, lines }: Heard = {}): Promise<Bus> {
      const config = readConfig(
        {},
        {
          bus: 'kafka',
          kafkaBrokers: [address],
          kafkaTopicPrefix: nextPrefix(),
          kafkaPartitions: 4,
          storeBatchMs: 20,
          ...overrides,
        },
      )
      const log = lines ? pino({ level: 'info' }, { write: (line: string) => lines.push(line) }) : silent
      const bus = createBus({ config, log, telemetry: telemetry ?? new Telemetry(), now: () => 1_000_000 })
      open.push(bus)
      await bus.start()
      return bus
    },
    async closeAll(): Promise<void> {
      await Promise.all(open.map((bus) => bus.close()))
    },
  }
}
