/**
 * Insert bodies wait for a moment in files that only we can read: memory (`/dev/shm`) where there is room, else beside
 * the data. Bytes are written as they come, so a body may hold anything.
 */
import { randomBytes } from 'node:crypto'
import { lstat, mkdir, open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Fault } from './fault.js'

/** Left free in the folder, in bytes. */
const reserve = 8 * 1_048_576

export class Spool {
  readonly #folders: readonly string[]
  /** What a body of unknown length may take, in bytes. Grows when it was too little: the next attempt takes a larger folder. */
  #unknown = 32 * 1_048_576

  private constructor(folders: readonly string[]) {
    this.#folders = folders
  }

  /** Makes its own folder in each of the parents that allow it, emptied of what a killed predecessor left. `name` is unique to the data folder, whose lock the caller holds. */
  static async open(parents: readonly string[], name: string): Promise<Spool> {
    const folders: string[] = []
    for (const parent of parents) {
      const folder = join(parent, name)
      try {
        // Never through what another user may have put there under our name.
        const found = await lstat(folder).catch(() => undefined)
        if (found && (!found.isDirectory() || found.uid !== process.getuid?.())) continue
        await rm(folder, { recursive: true, force: true })
        await mkdir(folder, { mode: 0o700 })
        folders.push(folder)
      } catch {}
    }
    if (folders.length === 0) throw new Error(`no spool folder could be made in ${parents.join(' or ')}`)
    return new Spool(folders)
  }

  /** Writes the body to a file and hands its path to `use`; the file is gone afterwards. `expected` in bytes, when known. */
  async with<T>(body: Readable, expected: number | undefined, use: (file: string) => Promise<T>): Promise<T> {
    const file = join(await this.#room(expected ?? this.#unknown), randomBytes(16).toString('hex'))
    try {
      // Opened before anything can fail: a stream that opens by itself may make its file after that was removed.
      const handle = await open(file, 'wx', 0o600)
      await pipeline(body, handle.createWriteStream({ highWaterMark: 1_048_576 })).finally(() => handle.close())
      return await use(file)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      this.#unknown *= 2
      throw noSpace()
    } finally {
      await rm(file, { force: true })
    }
  }

  async close(): Promise<void> {
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true })
  }

  async #room(expected: number): Promise<string> {
    for (const folder of this.#folders) {
      const { bavail, bsize } = await statfs(folder)
      if (bavail * bsize > expected + reserve) return folder
    }
    throw noSpace()
  }
}

const noSpace = () =>
  new Fault(
    'NOT_ENOUGH_SPACE',
    'No space left for the insert in the spool folder: send smaller batches, or set WATCHKEEPER_SPOOL_DIR',
  )
