/**
 * The way out of a producer: a queue bounded in bytes, and a loop that sends batches one after the other until each is
 * answered. OpenTelemetry's batch processor gives a batch up after some attempts and hides what a receiver rejected; an
 * audit record may go neither way in silence.
 */
import { type Backoff, pause, waitBefore } from './backoff.js'
import { encodeRequest, type RequestFrame } from './otlp-json.js'
import type { SendAnswer } from './send.js'

export interface DeliveryOptions {
  readonly frame: RequestFrame
  readonly send: (body: string, signal: AbortSignal) => Promise<SendAnswer>
  /** Bytes of records that wait or are under way; what comes beyond is dropped, and missing in the numbering. */
  readonly maxBytes: number
  readonly batchRecords: number
  readonly batchBytes: number
  /** Longest wait of a record for its batch to fill, milliseconds. */
  readonly everyMs: number
  readonly backoff: Backoff
  readonly onProblem: (problem: DeliveryProblem) => void
}

/** Something a service's owner wants to know. Never holds content. */
export interface DeliveryProblem {
  readonly type: 'dropped' | 'rejected' | 'refused' | 'waiting'
  readonly records: number
  readonly message: string
}

export interface DeliveryCounts {
  readonly sent: number
  /** For want of room, or unsent when closed. */
  readonly dropped: number
  /** By the receiver, for good. */
  readonly rejected: number
  readonly queued: number
}

export class Delivery {
  readonly #options: DeliveryOptions
  readonly #queue: { readonly text: string; readonly bytes: number }[] = []
  readonly #stop = new AbortController()
  /** Those who wait until this many records are settled. */
  #waiting: { readonly settled: number; readonly done: () => void }[] = []
  #bytes = 0
  #added = 0
  #settled = 0
  #sent = 0
  #dropped = 0
  #rejected = 0
  #timer: NodeJS.Timeout | undefined
  #running = false

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  get counts(): DeliveryCounts {
    return { sent: this.#sent, dropped: this.#dropped, rejected: this.#rejected, queued: this.#queue.length }
  }

  /** Takes a record in OTLP/JSON, or drops it when the queue is full or closed. */
  add(text: string): void {
    const bytes = Buffer.byteLength(text)
    if (this.#stop.signal.aborted || this.#bytes + bytes > this.#options.maxBytes) {
      this.#dropped++
      this.#tell('dropped', 1, this.#stop.signal.aborted ? 'the producer is closed' : 'the queue is full')
      return
    }
    this.#queue.push({ text, bytes })
    this.#bytes += bytes
    this.#added++
    if (this.#queue.length >= this.#options.batchRecords) this.#start()
    else this.#timer ??= setTimeout(() => this.#start(), this.#options.everyMs).unref()
  }

  /** Resolves once all that was added before is settled: kept, or refused for good. */
  flush(): Promise<void> {
    const target = this.#added
    if (this.#settled >= target) return Promise.resolve()
    this.#start()
    return new Promise((done) => this.#waiting.push({ settled: target, done }))
  }

  /** Flushes for at most so long; what is left then is dropped and counted. */
  async close(timeoutMs: number): Promise<void> {
    const patience = new AbortController()
    await Promise.race([this.flush(), pause(timeoutMs, patience.signal)])
    patience.abort()
    this.#stop.abort()
    clearTimeout(this.#timer)
    const left = this.#queue.length
    if (left > 0) {
      this.#take(left)
      this.#dropped += left
      this.#tell('dropped', left, 'the producer was closed before they were sent')
    }
  }

  #start(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#running) return
    this.#running = true
    void this.#run()
  }

  async #run(): Promise<void> {
    let attempt = 0
    let most = this.#options.batchRecords
    while (this.#queue.length > 0 && !this.#stop.signal.aborted) {
      const batch = this.#nextBatch(most)
      const answer = await this.#options.send(encodeRequest(batch, this.#options.frame), this.#stop.signal)
      if (this.#stop.signal.aborted) break
      if (answer.type === 'refused' && answer.status === 413 && batch.length > 1) {
        most = Math.ceil(batch.length / 2)
        continue
      }
      if (answer.type === 'later' || isMatterOfKeys(answer)) {
        const reason = answer.type === 'later' ? answer.reason : `status ${answer.status}: ${answer.message}`
        this.#tell('waiting', this.#queue.length, reason)
        const asked = answer.type === 'later' ? answer.afterMs : this.#options.backoff.mostMs
        await pause(waitBefore(attempt++, this.#options.backoff, asked), this.#stop.signal, { unref: true })
        continue
      }
      attempt = 0
      most = this.#options.batchRecords
      this.#settle(batch.length, answer)
    }
    // In the same turn as the last look at the queue: a record that is added from now on starts the next run.
    this.#running = false
  }

  #nextBatch(most: number): string[] {
    const batch: string[] = []
    let bytes = 0
    for (const record of this.#queue) {
      if (batch.length >= most || (batch.length > 0 && bytes + record.bytes > this.#options.batchBytes)) break
      batch.push(record.text)
      bytes += record.bytes
    }
    return batch
  }

  #settle(records: number, answer: Exclude<SendAnswer, { type: 'later' }>): void {
    const rejected = answer.type === 'refused' ? records : Math.min(answer.rejected, records)
    this.#sent += records - rejected
    this.#rejected += rejected
    if (answer.type === 'refused') this.#tell('refused', records, `status ${answer.status}: ${answer.message}`)
    else if (rejected > 0) this.#tell('rejected', rejected, answer.message)
    this.#take(records)
  }

  #take(records: number): void {
    for (const { bytes } of this.#queue.splice(0, records)) this.#bytes -= bytes
    this.#settled += records
    const due = this.#waiting.filter(({ settled }) => settled <= this.#settled)
    this.#waiting = this.#waiting.filter(({ settled }) => settled > this.#settled)
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
