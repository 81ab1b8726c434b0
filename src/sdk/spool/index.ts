/**
 * The disk spool of one producer. Each record is in a file before anything is sent, and the file goes when the receiver
 * has all of it: so neither a long outage nor the end of the process, SIGKILL included, loses a record. It is written
 * through the page cache: the loss of power may cost the last seconds. Files hold what would have been sent, nothing else.
 *
 * Producers of one user may share a folder. What a dead one left is adopted by one of the living, once, and sent as it is:
 * with the same event ids, by which the receiver knows what it has already.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Backlog } from '../backlog.js'
import type { DeliveryProblem } from '../delivery.js'
import type { Dsn } from '../dsn.js'
import type { RequestFrame } from '../otlp-json.js'
import { AdoptedBacklog } from './adopted.js'
import { reasonOf, SpoolBacklog } from './backlog.js'
import { adoptIn, beatMs, privateFolder } from './owner.js'

export interface SpoolOptions {
  readonly dir: string
  readonly dsn: Dsn
  readonly producerId: string
  readonly frame: RequestFrame
  /** Bytes of files, those that were adopted included. */
  readonly maxBytes: number
  readonly memoryBytes: number
  readonly onProblem: (problem: DeliveryProblem) => void
  /** Sends an adopted backlog; resolves when it is empty or closed. */
  readonly replay: (backlog: Backlog, frame: RequestFrame) => Promise<void>
}

const segmentBytes = 4 * 1_048_576

export class Spool {
  readonly backlog: Backlog
  readonly #own: SpoolBacklog
  readonly #options: SpoolOptions
  readonly #place: string
  readonly #beat: NodeJS.Timeout
  #adopted: AdoptedBacklog[] = []
  #adoptedBytes = 0
  #replaying = Promise.resolve()
  #closed = false

  constructor(options: SpoolOptions) {
    this.#options = options
    this.#place = join(options.dir, placeOf(options.dsn))
    this.#own = new SpoolBacklog({
      place: this.#place,
      producerId: options.producerId,
      frame: options.frame,
      maxBytes: () => options.maxBytes - this.#adoptedBytes,
      segmentBytes,
      memoryBytes: options.memoryBytes,
      now: () => performance.now(),
      onTrouble: (lost, message) => this.#tell(lost, message),
    })
    this.backlog = this.#own
    this.#beat = setInterval(() => this.#turn(), beatMs).unref()
    queueMicrotask(() => this.#turn())
  }

  /** Leaves what is not sent yet, own or adopted, to the next one. Does not wait for anything. */
  close(): void {
    this.#closed = true
    clearInterval(this.#beat)
    this.#own.close()
    for (const backlog of this.#adopted) backlog.close()
  }

  #turn(): void {
    if (this.#closed) return
    this.#own.beat()
    for (const backlog of this.#adopted) backlog.beat()
    try {
      if (!existsSync(this.#place)) return
      privateFolder(this.#place)
      for (const folder of adoptIn(this.#place, Date.now())) this.#adopt(folder)
    } catch (error) {
      this.#tell(0, `what others left in the spool cannot be adopted: ${reasonOf(error)}`)
    }
  }

  #adopt(folder: string): void {
    const backlog = new AdoptedBacklog(folder, (torn) => this.#tell(torn, 'torn records were left in the spool'))
    const bytes = backlog.fileBytes
    this.#adopted.push(backlog)
    this.#adoptedBytes += bytes
    // One after the other, so that many small legacies do not become many requests at once.
    this.#replaying = this.#replaying.then(async () => {
      const frame = this.#closed ? undefined : await backlog.frame()
      if (frame !== undefined && !this.#closed) await this.#options.replay(backlog, frame)
      backlog.close()
      this.#adopted = this.#adopted.filter((other) => other !== backlog)
      this.#adoptedBytes -= bytes
    })
  }

  #tell(lost: number, message: string): void {
    try {
      this.#options.onProblem({ type: lost > 0 ? 'dropped' : 'spool', records: lost, message })
    } catch {
      // The listener belongs to the host.
    }
  }
}

/** Records for one tenant of one receiver are never sent to another. */
const placeOf = ({ endpoint, tenant }: Dsn): string =>
  createHash('sha256').update(`${endpoint}\n${tenant}`).digest('hex').slice(0, 32)
