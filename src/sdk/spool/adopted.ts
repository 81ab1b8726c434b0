/** Records that a producer left behind when it ended, read from its files in order. Nothing is added to them. */
import { readdirSync, renameSync, rmSync, statSync, unlinkSync, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Backlog, firstOf, type Held } from '../backlog.js'
import type { RequestFrame } from '../otlp-json.js'
import { freeName } from './owner.js'
import { readLines, segmentForm } from './segment.js'

const readBytes = 1_048_576

export class AdoptedBacklog implements Backlog {
  readonly #folder: string
  readonly #producerId: string
  readonly #onTorn: (lines: number) => void
  #files: string[]
  /** Within the first file; 0: its frame is not read yet. */
  #offset = 0
  #ended = false
  #held: Held[] = []
  #closed = false
  #lost = 0
  #frame: RequestFrame | undefined

  /** `folder` is ours by name. `onTorn`: so many lines were no records. */
  constructor(folder: string, onTorn: (lines: number) => void) {
    this.#folder = folder
    this.#producerId = folder.slice(-36)
    this.#onTorn = onTorn
    this.#files = filesIn(folder)
  }

  /** What is in memory of them: how many there are in the files is not known. */
  get records(): number {
    return this.#held.length
  }

  get lost(): number {
    return this.#lost
  }

  get waiting(): boolean {
    return !this.#closed && (this.#held.length > 0 || this.#files.length > 0)
  }

  /** Frame of the requests that the records belong in; undefined where no file has one: then there are no records. */
  async frame(): Promise<RequestFrame | undefined> {
    while (this.#frame === undefined && this.#files.length > 0) await this.#openFile()
    return this.#frame
  }

  add(): boolean {
    return false
  }

  async next(mostRecords: number, mostBytes: number): Promise<readonly string[]> {
    while (this.#held.length === 0 && this.#files.length > 0 && !this.#closed) await this.#read()
    return this.#closed ? [] : firstOf(this.#held, mostRecords, mostBytes)
  }

  take(records: number): void {
    if (this.#closed) return
    this.#held.splice(0, records)
    if (this.#held.length === 0 && this.#ended) this.#dropFile()
  }

  get fileBytes(): number {
    return this.#files.reduce((sum, path) => sum + sizeOf(path), 0)
  }

  /** Says that the folder has an owner who lives. */
  beat(): void {
    const now = new Date()
    try {
      utimesSync(this.#folder, now, now)
    } catch {
      // It was taken away; the next read says so.
    }
  }

  /** Leaves what was not settled to the next one. */
  close(): number {
    if (this.#closed) return 0
    this.#closed = true
    try {
      if (this.#files.length === 0) rmSync(this.#folder, { recursive: true, force: true })
      else renameSync(this.#folder, join(dirname(this.#folder), freeName(this.#producerId)))
    } catch {
      // It stays under our name, and is adopted when this process is gone.
    }
    return 0
  }

  async #openFile(): Promise<void> {
    const [path] = this.#files
    if (path === undefined) return
    const { lines, offset } = await readLines(path, 0, 1).catch(() => ({ lines: [], offset: 0 }))
    const frame = frameIn(lines[0])
    if (this.#closed) return
    // Its first line is torn, so nothing was written after it.
    if (frame === undefined) return this.#dropFile()
    this.#frame ??= frame
    this.#offset = offset
  }

  async #read(): Promise<void> {
    if (this.#offset === 0) await this.#openFile()
    const [path] = this.#files
    if (path === undefined || this.#offset === 0 || this.#closed) return
    const { lines, offset, end } = await readLines(path, this.#offset, readBytes).catch(() => ({
      lines: [],
      offset: this.#offset,
      end: true,
    }))
    if (this.#closed) return
    const records = lines.filter(isRecord)
    this.#offset = offset
    this.#ended = end
    this.#held = records.map((text) => ({ text, bytes: Buffer.byteLength(text) }))
    const torn = lines.length - records.length + (end && sizeOf(path) > offset ? 1 : 0)
    if (torn > 0) {
      this.#lost += torn
      this.#onTorn(torn)
    }
    if (end && records.length === 0) this.#dropFile()
  }

  #dropFile(): void {
    const path = this.#files.shift()
    this.#offset = 0
    this.#ended = false
    try {
      if (path !== undefined) unlinkSync(path)
    } catch {
      // Somebody has cleaned up before us.
    }
  }
}

function filesIn(folder: string): string[] {
  try {
    const names = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && segmentForm.test(entry.name))
      .map(({ name }) => name)
    return names.sort().map((name) => join(folder, name))
  } catch {
    return []
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch {
    return 0
  }
}

function parsed(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}

const isRecord = (text: string): boolean => typeof parsed(text)?.['eventName'] === 'string'

function frameIn(text: string | undefined): RequestFrame | undefined {
  const value = parsed(text)
  return value !== undefined && 'resource' in value && 'scope' in value ? (value as unknown as RequestFrame) : undefined
}
