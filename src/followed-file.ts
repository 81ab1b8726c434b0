/** A small JSON file that commands change and running services follow: of keys, of accounts. Its owner alone may read it. */
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type ErrorCode, WatchkeeperError } from './errors.js'
import type { Logger } from './log.js'

export interface FollowedFile<Content> {
  /** As its messages call it. */
  readonly what: string
  readonly code: ErrorCode
  readonly empty: Content
  /** What is wrong with the content, without quoting it. */
  faultOf(json: unknown): string | undefined
  /** How many entries it has, whose presence closes a door; what else a log may count. */
  readonly size: (content: Content) => number
  readonly counts: (content: Content) => Readonly<Record<string, number>>
}

/** The file's content; `undefined` where there is none. Throws the file's code. */
export async function readFollowed<Content>(kind: FollowedFile<Content>, path: string): Promise<Content | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw fileFault(kind, path, 'cannot be read', error)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw fileFault(kind, path, 'is not JSON')
  }
  const fault = kind.faultOf(json)
  if (fault !== undefined) throw fileFault(kind, path, fault)
  return json as Content
}

/**
 * Changes the file as one step that others see whole or not at all. The temporary file is also the lock: two commands at
 * once would each lose what the other wrote. Throws the file's code.
 */
export async function changeFollowed<Content>(
  kind: FollowedFile<Content>,
  path: string,
  change: (content: Content) => Content,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.new`
  const handle = await open(draft, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST'
      ? fileFault(kind, path, `is being changed by another command; if none runs, one was killed: remove ${draft}`)
      : fileFault(kind, path, 'cannot be written', error)
  })
  try {
    await handle.writeFile(`${JSON.stringify(change((await readFollowed(kind, path)) ?? kind.empty), null, 2)}\n`)
    await handle.sync()
    await handle.close()
    await chmod(draft, 0o600)
    await rename(draft, path)
  } catch (error) {
    await handle.close().catch(() => undefined)
    await rm(draft, { force: true })
    throw error
  }
}

const fileFault = (
  { what, code }: Pick<FollowedFile<unknown>, 'what' | 'code'>,
  path: string,
  fault: string,
  cause?: unknown,
): WatchkeeperError => new WatchkeeperError(code, `the file of ${what} ${path} ${fault}`, { cause })

/** Changes whenever the file does; '' where there is none. */
async function fileStamp(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true })
    return `${ino}:${size}:${mtimeNs}`
  } catch {
    return ''
  }
}

/** Whether others than the owner may read the file. */
async function isShared(path: string): Promise<boolean> {
  const { mode } = await stat(path)
  return (mode & 0o077) !== 0
}

export interface FollowOptions<Content> {
  readonly path: string
  readonly log: Logger
  /** Microseconds. */
  readonly now: () => number
  /** After it was read again. */
  readonly onChange?: (now: Content, before: Content) => void
}

/** Microseconds between two looks at the file: what was revoked is refused after at most this long. */
const lookEvery = 500_000

/**
 * The content of a file as a running service sees it: what a command changes holds without a restart, and the last good content stays
 * while the file cannot be read.
 */
export class Followed<Content> {
  readonly #kind: FollowedFile<Content>
  readonly #options: FollowOptions<Content>
  #content: Content
  #stamp = ''
  #lookedAt: number
  #looking: Promise<void> | undefined

  private constructor(kind: FollowedFile<Content>, options: FollowOptions<Content>) {
    this.#kind = kind
    this.#options = options
    this.#content = kind.empty
    this.#lookedAt = options.now()
  }

  /** Reads the file for the first time. Throws the file's code if it is there and cannot be understood. */
  static async open<Content>(kind: FollowedFile<Content>, options: FollowOptions<Content>): Promise<Followed<Content>> {
    const { path, log, now } = options
    const followed = new Followed(kind, options)
    followed.#stamp = await fileStamp(path)
    const content = await readFollowed(kind, path)
    followed.#content = content ?? kind.empty
    followed.#lookedAt = now()
    if (content !== undefined && (await isShared(path)))
      log.warn({ file: path }, `the file of ${kind.what} can be read by others; chmod 600 it`)
    return followed
  }

  /** As it was at the last look. */
  get content(): Content {
    return this.#content
  }

  /** As it is now: looks at the file if it is time, once for all that ask meanwhile. */
  async current(): Promise<Content> {
    const now = this.#options.now()
    if (this.#looking === undefined && now - this.#lookedAt >= lookEvery) {
      this.#lookedAt = now
      this.#looking = this.#look().finally(() => {
        this.#looking = undefined
      })
    }
    await this.#looking
    return this.#content
  }

  async #look(): Promise<void> {
    const { path, log, onChange } = this.#options
    const { what, empty, size, counts } = this.#kind
    const stamp = await fileStamp(path)
    if (stamp === this.#stamp) return
    this.#stamp = stamp
    const before = this.#content
    try {
      const content = (await readFollowed(this.#kind, path)) ?? empty
      // A file that went away must not open the door that its entries closed.
      if (size(before) > 0 && size(content) === 0) {
        log.error({ file: path }, `the ${what} are gone from their file; the ones read before hold on`)
        return
      }
      this.#content = content
      log.info(counts(content), `${what} read again`)
      onChange?.(content, before)
    } catch (error) {
      log.error({ err: error }, `the ${what} cannot be read again; the ones read before hold on`)
    }
  }
}
