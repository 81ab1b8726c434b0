/** Looks at the brokers now and then: do they answer, and how far is the store behind. */
import type { Admin } from 'kafkajs'
import type { Logger } from '../../log.js'
import type { Telemetry } from '../../telemetry.js'

const everyMs = 5_000

export class Watch {
  readonly #admin: Admin
  readonly #log: Logger
  readonly #telemetry: Telemetry
  #reachable = true
  #reading: { readonly group: string; readonly topics: readonly string[] } | undefined
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()

  constructor(admin: Admin, log: Logger, telemetry: Telemetry) {
    this.#admin = admin
    this.#log = log
    this.#telemetry = telemetry
  }

  /** The brokers answered when last asked. */
  get reachable(): boolean {
    return this.#reachable
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#looking = this.look().then(() => {
        if (this.#timer !== undefined) this.start()
      })
    }, everyMs)
  }

  /** From now on also reports `bus_lag`: messages in the topics that the group has not committed. */
  follow(group: string, topics: readonly string[]): void {
    this.#reading = { group, topics }
  }

  unfollow(): void {
    this.#reading = undefined
  }

  /** A write just failed: not reachable until the next look. */
  doubt(): void {
    this.#reachable = false
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#looking
  }

  /** One look; never rejects. */
  async look(): Promise<void> {
    try {
      await this.#admin.describeCluster()
      if (this.#reading) this.#telemetry.gauge('bus_lag', await this.#lag(this.#reading))
      if (!this.#reachable) this.#log.info('Kafka answers again')
      this.#reachable = true
    } catch (error) {
      if (this.#reachable) this.#log.warn({ err: error }, 'Kafka does not answer')
      this.#reachable = false
    }
  }

  async #lag({ group, topics }: { readonly group: string; readonly topics: readonly string[] }): Promise<number> {
    const committed = await this.#admin.fetchOffsets({ groupId: group, topics: [...topics] })
    let lag = 0
    for (const { topic, partitions } of committed) {
      const offsets = new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)]))
      for (const { partition, low, high } of await this.#admin.fetchTopicOffsets(topic)) {
        // -1: nothing committed yet, reading begins at the oldest record; retention may also have passed the commit.
        lag += Math.max(0, Number(high) - Math.max(offsets.get(partition) ?? -1, Number(low)))
      }
    }
    return lag
  }
}
