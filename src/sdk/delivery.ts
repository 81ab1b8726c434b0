/**
 * The way out of a producer: a bounded backlog, and a loop that sends batches one after the other until each is
 * answered. OpenTelemetry's batch processor gives a batch up after some attempts and hides what a receiver rejected; an
 * audit record may go neither way in silence.
 */

import type { Backlog } from './backlog.js'
import { type Backoff, pause, waitBefore } from './backoff.js'
import { encodeRequest, type RequestFrame } from './otlp-json.js'
import type { SendAnswer } from './send.js'

export interface DeliveryOptions {
  readonly frame: RequestFrame
  readonly send: (body: string, signal: AbortSignal) => Promise<SendAnswer>
  /** Records that wait or are under way; what it has no room for is dropped, and missing in the numbering. */
  readonly backlog: Backlog
  readonly batchRecords: number
  readonly batchBytes: number
  /** Longest wait of a record for its batch to fill, milliseconds. */
  readonly everyMs: number
  readonly backoff: Backoff
  readonly onProblem: (problem: DeliveryProblem) => void
}

/** Something a service's owner wants to know. Never holds content. */
export interface DeliveryProblem {
  /** `spool`: what should be on disk is not, for now. */
  readonly type: 'dropped' | 'rejected' | 'refused' | 'waiting' | 'spool'
  readonly records: number
  readonly message: string
}

export interface DeliveryCounts {
  readonly sent: number
  /** For want of room, or unsent when closed. */
  readonly dropped: number
  /** By the receiver, for good. */
  readonly rejected: number
  /** Waiting or under way; after `close`, kept on disk for another process. */
  readonly queued: number
}

export class Delivery {
  readonly #options: DeliveryOptions
  readonly #stop = new AbortController()
  /** Those who wait until this many records are settled. */
  #waiting: { readonly settled: number; readonly done: () => void }[] = []
  #added = 0
  #sent = 0
  #dropped = 0
  #rejected = 0
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  get counts(): DeliveryCounts {
    const { backlog } = this.#options
    const dropped = this.#dropped + backlog.lost
    return { sent: this.#sent, dropped, rejected: this.#rejected, queued: backlog.records }
  }

  /** Takes a record in OTLP/JSON, or drops it when the backlog is full or closed. */
  add(text: string): void {
    const { backlog, batchRecords, everyMs } = this.#options
    if (this.#stop.signal.aborted || !backlog.add(text)) {
      this.#dropped++
      this.#tell('dropped', 1, this.#stop.signal.aborted ? 'the producer is closed' : 'the queue is full')
      return
    }
    this.#added++
    if (backlog.records >= batchRecords) this.#start()
    else this.#timer ??= setTimeout(() => this.#start(), everyMs).unref()
  }

  /** Resolves once all that was added before is settled: kept, or refused for good. */
  flush(): Promise<void> {
    const target = this.#added
    if (this.#settled >= target || this.#stop.signal.aborted) return Promise.resolve()
    this.#start()
    return new Promise((done) => this.#waiting.push({ settled: target, done }))
  }

  /** Flushes for at most so long. */
  async flushWithin(timeoutMs: number): Promise<void> {
    const patience = new AbortController()
    await Promise.race([this.flush(), pause(timeoutMs, patience.signal)])
    patience.abort()
  }

  /** Sends all that the backlog has. Resolves when nothing waits any more, or when closed. */
  sendAll(): Promise<void> {
    this.#start()
    return this.#running ?? Promise.resolve()
  }

  /** Flushes for at most so long; what is left then is dropped and counted, unless the backlog keeps it for another process. */
  async close(timeoutMs: number): Promise<void> {
    await this.flushWithin(timeoutMs)
    this.#stop.abort()
    clearTimeout(this.#timer)
    const lost = this.#options.backlog.close()
    if (lost > 0) this.#tell('dropped', lost, 'the producer was closed before they were sent')
    for (const { done } of this.#waiting.splice(0)) done()
  }

  /** First in, first out: what was added and does not wait any more is settled. */
  get #settled(): number {
    return this.#added - this.#options.backlog.records
  }

  #start(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#running === undefined && this.#options.backlog.waiting) this.#running = this.#run()
  }

  async #run(): Promise<void> {
    const { backlog, batchRecords, batchBytes, backoff, frame, send } = this.#options
    let attempt = 0
    let most = batchRecords
    while (backlog.waiting && !this.#stop.signal.aborted) {
      const batch = await backlog.next(most, batchBytes)
      if (this.#stop.signal.aborted) break
      if (batch.length === 0) {
        this.#release()
        continue
      }
      const answer = await send(encodeRequest(batch, frame), this.#stop.signal)
      if (this.#stop.signal.aborted) break
      if (answer.type === 'refused' && answer.status === 413 && batch.length > 1) {
        most = Math.ceil(batch.length / 2)
        continue
      }
      if (answer.type === 'later' || isMatterOfKeys(answer)) {
        const reason = answer.type === 'later' ? answer.reason : `status ${answer.status}: ${answer.message}`
        this.#tell('waiting', backlog.records, reason)
        const asked = answer.type === 'later' ? answer.afterMs : backoff.mostMs
        await pause(waitBefore(attempt++, backoff, asked), this.#stop.signal, { unref: true })
        continue
      }
      attempt = 0
      most = batchRecords
      this.#settle(batch.length, answer)
    }
    // In the same turn as the last look at the backlog: a record that is added from now on starts the next run.
    this.#running = undefined
  }

  #settle(records: number, answer: Exclude<SendAnswer, { type: 'later' }>): void {
    const rejected = answer.type === 'refused' ? records : Math.min(answer.rejected, records)
    this.#sent += records - rejected
    this.#rejected += rejected
    if (answer.type === 'refused') this.#tell('refused', records, `status ${answer.status}: ${answer.message}`)
    else if (rejected > 0) this.#tell('rejected', rejected, answer.message)
    this.#options.backlog.take(records)
    this.#release()
  }

  #release(): void {
    const settled = this.#settled
    const due = this.#waiting.filter((one) => one.settled <= settled)
    this.#waiting = this.#waiting.filter((one) => one.settled > settled)
    for (const { done } of due) done()
  }

  #tell(type: DeliveryProblem['type'], records: number, message: string): void {
    try {
      this.#options.onProblem({ type, records, message })
    } catch {
      // The listener belongs to the host, and its faults must not stop the delivery.
    }
  }
}

/** A wrong or expired key is put right at the receiver: records wait for it, as long as there is room. */
const isMatterOfKeys = (answer: SendAnswer): answer is Extract<SendAnswer, { type: 'refused' }> =>
  answer.type === 'refused' && (answer.status === 401 || answer.status === 403)
