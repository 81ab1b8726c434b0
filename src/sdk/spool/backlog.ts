/**
 * A backlog that is on disk as well: the first records are also in memory, those that memory has no room for only on disk.
 * While the disk fails, records wait in memory alone, behind the others, and are written as soon as it works again.
 */
import { renameSync, rmSync, unlinkSync, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Backlog, firstOf, type Held } from '../backlog.js'
import type { RequestFrame } from '../otlp-json.js'
import { freeName, ownName, privateFolder } from './owner.js'
import { readLines, SegmentWriter } from './segment.js'

export interface SpoolBacklogOptions {
  /** Folder of all producers that send to one place. */
  readonly place: string
  readonly producerId: string
  readonly frame: RequestFrame
  /** Of the files of this producer. */
  readonly maxBytes: () => number
  readonly segmentBytes: number
  /** Of all records in memory. */
  readonly memoryBytes: number
  /** Milliseconds, of any steady clock. */
  readonly now: () => number
  /** How many records are lost by it, and what went wrong. */
  readonly onTrouble: (lost: number, message: string) => void
}

interface Segment {
  readonly writer: SegmentWriter
  /** Records that are not settled. */
  pending: number
  /** Records that are on disk alone, and where they begin. */
  unread: number
  offset: number
}

interface Spooled extends Held {
  readonly segment: Segment | undefined
}

const readBytes = 1_048_576
/** Between two attempts to write after one has failed. */
const retryMs = 1000

export class SpoolBacklog implements Backlog {
  readonly #options: SpoolBacklogOptions
  readonly #head: string
  /** In the order of their files; the last one is written to. */
  #segments: Segment[] = []
  /** The first records of all. */
  #first: Spooled[] = []
  /** Records that no file has, behind all others. */
  #last: Spooled[] = []
  #firstBytes = 0
  #lastBytes = 0
  #unread = 0
  #lost = 0
  #fileBytes = 0
  #folder: string | undefined
  #number = 0
  #retryAt = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(options: SpoolBacklogOptions) {
    this.#options = options
    this.#head = JSON.stringify(options.frame)
  }

  get records(): number {
    return this.#first.length + this.#unread + this.#last.length
  }

  get waiting(): boolean {
    return !this.#closed && this.records > 0
  }

  get lost(): number {
    return this.#lost
  }

  add(text: string): boolean {
    const record = { text, bytes: Buffer.byteLength(text) }
    if (this.#closed) return false
    if (this.#write(record)) return true
    // Room that records from the disk will need is not given away.
    const first = this.#unread > 0 ? Math.max(this.#firstBytes, this.#firstMost) : this.#firstBytes
    if (first + this.#lastBytes + record.bytes > this.#options.memoryBytes) return false
    this.#last.push({ ...record, segment: undefined })
    this.#lastBytes += record.bytes
    return true
  }

  async next(mostRecords: number, mostBytes: number): Promise<readonly string[]> {
    if (this.#first.length === 0 && this.#unread > 0) await this.#read()
    if (this.#closed) return []
    if (this.#first.length === 0 && this.#unread === 0) {
      this.#first = this.#last
      this.#firstBytes = this.#lastBytes
      this.#last = []
      this.#lastBytes = 0
    }
    return firstOf(this.#first, mostRecords, mostBytes)
  }

  take(records: number): void {
    for (const { bytes, segment } of this.#first.splice(0, records)) {
      this.#firstBytes -= bytes
      if (segment !== undefined) this.#settle(segment)
    }
  }

  /** Says that we live. A folder that is not there any more is another's now, or nobody's: we begin a new one. */
  beat(): void {
    if (this.#folder === undefined) return
    const now = new Date()
    try {
      utimesSync(this.#folder, now, now)
    } catch {
      this.#options.onTrouble(0, 'the spool folder of this producer was taken away')
      this.#leave()
    }
  }

  close(): number {
    if (this.#closed) return 0
    this.#retryAt = Number.NEGATIVE_INFINITY
    this.#rescue()
    this.#closed = true
    const lost = this.#last.length + this.#saveFirst()
    this.#lost += lost
    const onDisk = this.records - lost
    this.#first = []
    this.#last = []
    this.#unread = onDisk
    this.#segments.at(-1)?.writer.close()
    const { place, producerId } = this.#options
    try {
      if (this.#folder !== undefined && onDisk === 0) rmSync(this.#folder, { recursive: true, force: true })
      else if (this.#folder !== undefined) renameSync(this.#folder, join(place, freeName(producerId)))
    } catch {
      // It stays under our name, and is adopted when this process is gone.
    }
    return lost
  }

  /** Half of the memory, so that the other half takes what comes when the disk fails. */
  get #firstMost(): number {
    return this.#options.memoryBytes / 2
  }

  #write(record: Held): boolean {
    if (!this.#rescue()) return false
    return this.#append(record)
  }

  /** Brings to disk what only memory has. */
  #rescue(): boolean {
    while (this.#last.length > 0) {
      const record = this.#last[0] as Spooled
      if (!this.#append(record)) return false
      this.#last.shift()
      this.#lastBytes -= record.bytes
    }
    return true
  }

  /** Brings to disk the first records, where the disk failed when they came. Returns how many are lost. */
  #saveFirst(): number {
    const unwritten = this.#first.filter(({ segment }) => segment === undefined)
    let saved = 0
    if (unwritten.length === 0) return 0
    try {
      // They are older than all in the files, which begin with 1.
      const writer = new SegmentWriter(this.#ownFolder(), 0, this.#head)
      try {
        for (const { text } of unwritten) {
          writer.append(text)
          saved++
        }
      } finally {
        writer.close()
      }
    } catch (error) {
      this.#options.onTrouble(0, `records that wait in memory cannot be written: ${reasonOf(error)}`)
    }
    return unwritten.length - saved
  }

  #append(record: Held): boolean {
    const { now, onTrouble, maxBytes } = this.#options
    if (now() < this.#retryAt) return false
    try {
      if (this.#fileBytes + record.bytes > maxBytes()) throw new Error('the spool is as large as it may become')
      const segment = this.#writable()
      const inMemory = this.#unread === 0 && this.#firstBytes + record.bytes <= this.#firstMost
      this.#fileBytes += segment.writer.append(record.text)
      segment.pending++
      if (inMemory) {
        this.#first.push({ ...record, segment })
        this.#firstBytes += record.bytes
        segment.offset = segment.writer.bytes
      } else {
        segment.unread++
        this.#unread++
      }
      return true
    } catch (error) {
      this.#retryAt = now() + retryMs
      onTrouble(0, `records wait in memory alone: ${reasonOf(error)}`)
      return false
    }
  }

  #writable(): Segment {
    const current = this.#segments.at(-1)
    if (current !== undefined && current.writer.bytes < this.#options.segmentBytes) return current
    const writer = new SegmentWriter(this.#ownFolder(), ++this.#number, this.#head)
    current?.writer.close()
    this.#fileBytes += writer.bytes
    const segment = { writer, pending: 0, unread: 0, offset: writer.bytes }
    this.#segments.push(segment)
    return segment
  }

  #ownFolder(): string {
    const { place, producerId } = this.#options
    if (this.#folder === undefined) {
      privateFolder(dirname(place))
      privateFolder(place)
      this.#folder = privateFolder(join(place, ownName(producerId)))
    }
    return this.#folder
  }

  async #read(): Promise<void> {
    const segment = this.#segments.find(({ unread }) => unread > 0)
    if (segment === undefined) return
    try {
      const most = Math.max(1, Math.min(readBytes, Math.floor(this.#firstMost)))
      const { lines, offset } = await readLines(segment.writer.path, segment.offset, most)
      if (this.#closed || !this.#segments.includes(segment)) return
      if (lines.length === 0) throw new Error('records are missing in it')
      segment.offset = offset
      segment.unread -= lines.length
      this.#unread -= lines.length
      for (const text of lines) {
        const bytes = Buffer.byteLength(text)
        this.#first.push({ text, bytes, segment })
        this.#firstBytes += bytes
      }
    } catch (error) {
      if (this.#closed) return
      const lost = segment.unread
      this.#lost += lost
      this.#unread -= lost
      segment.pending -= lost
      segment.unread = 0
      segment.offset = segment.writer.bytes
      this.#options.onTrouble(lost, `a spool file cannot be read any more: ${reasonOf(error)}`)
    }
  }

  #settle(segment: Segment): void {
    if (--segment.pending > 0) return
    if (segment !== this.#segments.at(-1)) this.#remove(segment)
    else this.#clear(segment)
  }

  #clear(segment: Segment): void {
    try {
      this.#fileBytes -= segment.writer.clear()
    } catch {
      // It stays full; should it be read again, the receiver knows its records by their ids.
    }
    segment.offset = segment.writer.bytes
  }

  #remove(segment: Segment): void {
    this.#segments = this.#segments.filter((other) => other !== segment)
    this.#fileBytes -= segment.writer.bytes
    try {
      unlinkSync(segment.writer.path)
    } catch {
      // Somebody has cleaned up before us.
    }
  }

  /** Goes on in a new folder. What is in memory is still sent; what was on disk alone is whose the folder is now. */
  #leave(): void {
    this.#segments.at(-1)?.writer.close()
    this.#segments = []
    this.#fileBytes = 0
    this.#folder = undefined
    const lost = this.#unread
    this.#lost += lost
    this.#unread = 0
    this.#first = this.#first.map((record) => ({ ...record, segment: undefined }))
    if (lost > 0) this.#options.onTrouble(lost, 'records were in the spool folder that was taken away')
  }
}

/** Codes and our own words; the messages of the file system hold paths. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown failure'
  return 'code' in error ? String(error.code) : error.message
}
