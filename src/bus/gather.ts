/**
 * Gathers what many callers hand in into batches for one handler, and tries a batch again until it is handled or nobody
 * waits for it any more. The in-process bus gathers records for an insert, the Kafka producer gathers records for a
 * request, the Kafka consumer gathers the partitions of a fetch for an insert.
 */
import { setMaxListeners } from 'node:events'
import type { Logger } from '../log.js'

/** Handles one batch; a rejection means: the same batch again, later. `signal` says that nobody waits for a retry. */
export type Handle<T> = (batch: readonly T[], signal: AbortSignal) => Promise<void>

export interface GatherOptions {
  /** Most items and most bytes of one batch; a parcel that is larger alone makes a batch of its own. */
  readonly rows: number
  readonly bytes: number
  /** Longest wait, in milliseconds, for a batch to fill. */
  readonly waitMs: number
  /** Told of every attempt that failed (counted from 0), and of the first that succeeded after one. */
  readonly onFailure: (error: unknown, attempt: number, retryInMs: number) => void
  readonly onRecovery: () => void
}

/** What one caller handed in: it enters a batch whole, and all of it is acknowledged at once. */
interface Parcel<T> {
  readonly items: readonly T[]
  readonly bytes: number
  readonly signal: AbortSignal
  readonly kept: () => void
  readonly lost: (reason: unknown) => void
  readonly release: () => void
}

const firstRetryMs = 100
const longestRetryMs = 5000

/** Exponential back-off with up to 20 % off, so that several processes do not come back in step. */
export const retryDelay = (attempt: number, random: () => number = Math.random): number =>
  Math.min(firstRetryMs * 2 ** attempt, longestRetryMs) * (1 - 0.2 * random())

/** Says in the log that `what` fails: the first attempt of each batch aloud, its repetitions for debugging. */
export const tellOf = (what: string, log: Logger): Pick<GatherOptions, 'onFailure' | 'onRecovery'> => ({
  onFailure: (error, attempt, retryInMs) =>
    log[attempt === 0 ? 'warn' : 'debug']({ err: error, attempt, retryInMs: Math.round(retryInMs) }, `no ${what} yet`),
  onRecovery: () => log.info(`${what} again`),
})

export class Gatherer<T> {
  readonly #options: GatherOptions
  readonly #waiting: Parcel<T>[] = []
  #rows = 0
  #bytes = 0
  #failing = false
  #retrying = false
  /** Ends whatever wait the loop is in, so that it looks again. */
  #wake: () => void = () => {}

  constructor(options: GatherOptions) {
    this.#options = options
  }

  /** A batch is in hand that has failed. */
  get retrying(): boolean {
    return this.#retrying
  }

  /**
   * Resolves once the handler has handled all of `items`. After `signal` is aborted the items are not tried again: they
   * leave the queue, or the outcome of the attempt under way counts; without one the promise rejects with the signal's reason.
   */
  add(items: readonly T[], bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((kept, lost) => {
      if (signal.aborted) return lost(signal.reason)
      const giveUp = () => {
        const place = this.#waiting.indexOf(parcel)
        if (place >= 0) {
          this.#remove(place, 1)
          lost(signal.reason)
        }
        this.#wake()
      }
      const parcel: Parcel<T> = {
        items,
        bytes,
        signal,
        kept,
        lost,
        release: () => signal.removeEventListener('abort', giveUp),
      }
      // All parcels of a load, or of a consumer's tenure, share a signal: many listeners are no leak here.
      setMaxListeners(0, signal)
      signal.addEventListener('abort', giveUp, { once: true })
      this.#waiting.push(parcel)
      this.#rows += items.length
      this.#bytes += bytes
      this.#wake()
    })
  }

  /** Starts to hand out batches, one at a time; the returned function stops after the attempt under way. */
  run(handle: Handle<T>): () => Promise<void> {
    const stop = new AbortController()
    const ended = this.#loop(handle, stop.signal)
    return async () => {
      stop.abort()
      this.#wake()
      await ended
    }
  }

  async #loop(handle: Handle<T>, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      if (this.#waiting.length === 0) {
        await this.#sleep()
        continue
      }
      await this.#fill(stop)
      if (stop.aborted) return
      const batch = this.#take()
      if (batch.length > 0) await this.#attempt(batch, handle, stop)
    }
  }

  /** Waits until a batch is full, or `waitMs` have passed. */
  async #fill(stop: AbortSignal): Promise<void> {
    const { rows, bytes, waitMs } = this.#options
    const until = performance.now() + waitMs
    while (!stop.aborted && this.#waiting.length > 0 && this.#rows < rows && this.#bytes < bytes) {
      const left = until - performance.now()
      if (left <= 0) return
      await this.#sleep(left)
    }
  }

  #take(): readonly Parcel<T>[] {
    let rows = 0
    let bytes = 0
    let count = 0
    for (const parcel of this.#waiting) {
      if (count > 0 && (rows + parcel.items.length > this.#options.rows || bytes + parcel.bytes > this.#options.bytes))
        break
      rows += parcel.items.length
      bytes += parcel.bytes
      count += 1
    }
    return this.#remove(0, count)
  }

  #remove(from: number, count: number): readonly Parcel<T>[] {
    const taken = this.#waiting.splice(from, count)
    for (const { items, bytes } of taken) {
      this.#rows -= items.length
      this.#bytes -= bytes
    }
    return taken
  }

  async #attempt(batch: readonly Parcel<T>[], handle: Handle<T>, stop: AbortSignal): Promise<void> {
    const items = batch.flatMap((parcel) => parcel.items)
    const hurry = new AbortController()
    const nobodyWaits = () => stop.aborted || batch.every((parcel) => parcel.signal.aborted)
    const look = () => {
      if (nobodyWaits()) hurry.abort()
    }
    const signals = new Set([stop, ...batch.map((parcel) => parcel.signal)])
    for (const signal of signals) signal.addEventListener('abort', look, { once: true })
    try {
      for (let attempt = 0; ; attempt += 1) {
        try {
          await handle(items, hurry.signal)
          if (this.#failing) this.#options.onRecovery()
          this.#failing = false
          for (const parcel of batch) parcel.kept()
          return
        } catch (error) {
          this.#failing = true
          this.#retrying = true
          const delay = retryDelay(attempt)
          this.#options.onFailure(error, attempt, delay)
          const until = performance.now() + delay
          while (!nobodyWaits() && performance.now() < until) await this.#sleep(until - performance.now())
          if (nobodyWaits()) return this.#leave(batch, error)
        }
      }
    } finally {
      this.#retrying = false
      for (const signal of signals) signal.removeEventListener('abort', look)
      for (const parcel of batch) parcel.release()
    }
  }

  #leave(batch: readonly Parcel<T>[], error: unknown): void {
    for (const { signal, lost } of batch) lost(signal.aborted ? signal.reason : error)
  }

  #sleep(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
