/** A small JSON file that commands change and running services follow: of keys, of accounts. Its owner alone may read it. */
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type ErrorCode, WatchkeeperError } from './errors.js'

export interface FollowedFile<Content> {
  /** As its messages call it. */
  readonly what: string
  readonly code: ErrorCode
  readonly empty: Content
  /** What is wrong with the content, without quoting it. */
  faultOf(json: unknown): string | undefined
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
export async function fileStamp(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true })
    return `${ino}:${size}:${mtimeNs}`
  } catch {
    return ''
  }
}

/** Whether others than the owner may read the file. */
export async function isShared(path: string): Promise<boolean> {
  const { mode } = await stat(path)
  return (mode & 0o077) !== 0
}
