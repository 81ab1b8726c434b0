/**
 * Whose a folder of spooled records is. The owner stands in the folder's name, so that taking one over is one `rename`,
 * which of several processes only one can win: `SCOPE.PID.BORN.PRODUCER`, or `free.PRODUCER` of a producer that was closed.
 */
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'

/** How often an owner says that it lives, by the folder's time of change. */
export const beatMs = 15_000
/** An owner whose process cannot be looked at (another machine or container) is held for dead after so long a silence. */
const silenceMs = 8 * beatMs

/** Process ids mean something within one boot of a machine and one namespace of processes. */
const scope = createHash('sha256')
  .update(attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')) ?? hostname())
  .update(attempt(() => readlinkSync('/proc/self/ns/pid')) ?? '')
  .digest('hex')
  .slice(0, 12)

const nameForm = /^(?:free|([0-9a-f]{12})\.(\d+)\.(\d+))\.([0-9a-f-]{36})$/

export const ownName = (producerId: string): string => `${scope}.${process.pid}.${bornAt(process.pid)}.${producerId}`
export const freeName = (producerId: string): string => `free.${producerId}`

/**
 * Makes a folder that only we can read, or finds it. Throws where somebody else may write to it: records that others put
 * there would be sent in our name.
 */
export function privateFolder(path: string): string {
  makeFolder(path)
  const status = lstatSync(path)
  const ours = process.geteuid === undefined || status.uid === process.geteuid()
  if (!status.isDirectory() || !ours || (process.platform !== 'win32' && (status.mode & 0o022) !== 0))
    throw new Error('the spool folder is not ours alone: it must be a folder of this user that no other may write to')
  return path
}

/**
 * Not by `recursive`: Node 20 then tries for ever, and the host stands still, where a folder cannot be made in one that is there
 * (`ENOENT` in /proc, or in a working directory that was removed).
 */
function makeFolder(path: string): void {
  const mode = 0o700
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(path) === path) throw error
    makeFolder(dirname(path))
    mkdirSync(path, { mode })
  }
}

/** Takes over the folders of producers that are gone. Returns their new paths. */
export function adoptIn(place: string, nowMs: number): string[] {
  return readdirSync(place).flatMap((name) => {
    const [, theirScope, pid, born, producerId] = nameForm.exec(name) ?? []
    if (producerId === undefined) return []
    const path = join(place, name)
    if (theirScope !== undefined && !isGone(path, theirScope, Number(pid), born ?? '', nowMs)) return []
    const ours = join(place, ownName(producerId))
    // Gone already: another process was faster.
    return attempt(() => renameSync(path, ours) ?? ours) ?? []
  })
}

function isGone(path: string, theirScope: string, pid: number, born: string, nowMs: number): boolean {
  if (theirScope === scope) return !isAlive(pid) || bornAt(pid) !== born
  const changed = attempt(() => lstatSync(path).mtimeMs)
  return changed !== undefined && nowMs - changed > silenceMs
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** When a process started, in the kernel's ticks, since ids are used again; '0' where that cannot be known, '' when it has ended. */
function bornAt(pid: number): string {
  const status = attempt(() => readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? ''
  // The second member is the program's name in brackets, which may hold spaces; the start is the 22nd.
  const members = status.slice(status.lastIndexOf(')') + 2).split(' ')
  return members[0] === 'Z' ? '' : (members[19] ?? '0')
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
