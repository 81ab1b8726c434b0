/** Messages for the bus's tests: events that say by which id they were sent. */
import type { BusMessage } from '../../src/bus/index.js'
import { auditEvent } from '../support/events.js'

/** `trace` decides the partition, `size` characters make it heavy; {@link idOf} gives `id` back. */
export const eventMessage = (id: string, trace = 'trace', size = 0): BusMessage => ({
  type: 'event',
  event: auditEvent({ eventId: id, traceId: trace, tool: 'x'.repeat(size) }),
})

/** Ids `first` … `first + count - 1`, all of one trace. */
export const eventMessages = (count: number, first = 0, trace = 'trace'): readonly BusMessage[] =>
  Array.from({ length: count }, (_, place) => eventMessage(String(first + place), trace))

export const idOf = (message: BusMessage): string =>
  message.type === 'event' ? message.event.eventId : message.letter.id

/** What a consumer has kept, and a way to wait for it. */
export class Kept {
  readonly ids: string[] = []
  readonly messages: BusMessage[] = []
  #arrived: () => void = () => {}
  #next = this.#arm()

  /** A handler that keeps everything. */
  readonly handler = async (batch: readonly BusMessage[]): Promise<void> => {
    this.messages.push(...batch)
    this.ids.push(...batch.map(idOf))
    this.#arrived()
    this.#next = this.#arm()
  }

  /** Resolves when the next batch was kept. */
  next(): Promise<void> {
    return this.#next
  }

  /** Resolves when all of `ids` were kept, in any order and however often. */
  async all(ids: Iterable<string>): Promise<void> {
    const wanted = [...ids]
    while (wanted.some((id) => !this.ids.includes(id))) await this.next()
  }

  #arm(): Promise<void> {
    return new Promise((resolve) => {
      this.#arrived = resolve
    })
  }
}
