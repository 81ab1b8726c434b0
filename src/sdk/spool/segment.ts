/**
 * A segment: a file of records, one JSON text a line, under a first line that holds the frame of their requests. Only its
 * last line can be torn. Files can be read by their owner alone.
 */
import { closeSync, constants, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'

const newline = 10
/** Bytes of the longest line that is believed. */
const longestLine = 16 * 1_048_576

export const segmentForm = /^\d{10}\.jsonl$/
const segmentName = (number: number): string => `${String(number).padStart(10, '0')}.jsonl`

/** The file that is written to. Written at once and not in the background: what was emitted survives a SIGKILL. */
export class SegmentWriter {
  readonly path: string
  readonly headBytes: number
  readonly #file: number
  #bytes: number

  /** Throws where the file cannot be made. */
  constructor(folder: string, number: number, head: string) {
    this.path = join(folder, segmentName(number))
    const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_WRONLY } = constants
    this.#file = openSync(this.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    this.#bytes = 0
    try {
      this.append(head)
    } catch (error) {
      this.close()
      unlinkSync(this.path)
      throw error
    }
    this.headBytes = this.#bytes
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Returns the bytes that were written. Throws where the disk is full; nothing of the line is left then. */
  append(line: string): number {
    const bytes = Buffer.from(`${line}\n`)
    let written = 0
    try {
      while (written < bytes.length)
        written += writeSync(this.#file, bytes, written, bytes.length - written, this.#bytes + written)
    } catch (error) {
      ftruncateSync(this.#file, this.#bytes)
      throw error
    }
    this.#bytes += bytes.length
    return bytes.length
  }

  /** Forgets all records. Returns their bytes. */
  clear(): number {
    const bytes = this.#bytes - this.headBytes
    ftruncateSync(this.#file, this.headBytes)
    this.#bytes = this.headBytes
    return bytes
  }

  close(): void {
    closeSync(this.#file)
  }
}

export interface Lines {
  readonly lines: readonly string[]
  /** Where the next read begins. */
  readonly offset: number
  /** No whole line follows. */
  readonly end: boolean
}

/** About so many bytes of whole lines of a file, at least one where there is one. Rejects where it cannot be read. */
export async function readLines(path: string, offset: number, bytes: number): Promise<Lines> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  try {
    for (let room = bytes; ; room *= 2) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(room), 0, room, offset)
      const last = buffer.subarray(0, bytesRead).lastIndexOf(newline)
      const ended = bytesRead < room
      if (last >= 0) {
        const lines = buffer.toString('utf8', 0, last).split('\n')
        return { lines, offset: offset + last + 1, end: ended }
      }
      if (ended || room > longestLine) return { lines: [], offset, end: true }
    }
  } finally {
    await file.close()
  }
}
