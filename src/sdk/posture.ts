/**
 * How a local server runs: as whom, in what kind of box, with which network. Facts for the `connection` event's details;
 * what they are worth is for a detector to say. What cannot be known here is left out, not guessed.
 */
import { accessSync, constants, existsSync, readFileSync, readlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import { redact } from './capture/index.js'

/**
 * Clear details of a process that runs now, by default of our own:
 *
 * - `posture_platform` as in `process.platform`, `posture_uid` (effective), `posture_capabilities` (Linux, effective: `none`, `some` or `all`)
 * - `posture_seccomp` `off`, `strict` or `filter`; `posture_no_new_privs` `yes` or `no`
 * - `posture_container` what it looks like from inside (`docker`, `podman`, `kubernetes`, `lxc`, …), or `none`
 * - `posture_network` `none` (loopback at most), `host` (that of the machine's first process), or `own`; not known inside
 *   a container and where others' processes are hidden. `posture_network_namespace` its number, to tell servers in one from servers apart
 * - `posture_cwd`, `posture_root` (`/` unless chrooted), `posture_home_writable` `yes` or `no`: whether the user's home folder can be written
 *
 * Never throws. Reads some small files of /proc: microseconds, once for a connection.
 */
export function postureOf(pid: number = process.pid): Readonly<Record<string, string>> {
  const facts = {
    platform: process.platform,
    ...(process.platform === 'linux' ? linuxFacts(`/proc/${pid}`) : ownFacts(pid)),
    home_writable: isWritable(homedir()) ? 'yes' : 'no',
  }
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) => (value === '' ? [] : [[`posture_${name}`, value]])),
  )
}

function linuxFacts(folder: string): Readonly<Record<string, string>> {
  const status = statusIn(reading(`${folder}/status`))
  const container = status.size === 0 ? '' : containerOf(folder)
  return {
    uid: status.get('Uid')?.split('\t')[1] ?? '',
    capabilities: capabilitiesOf(status.get('CapEff'), status.get('CapBnd')),
    seccomp: ['off', 'strict', 'filter'][Number(status.get('Seccomp') ?? Number.NaN)] ?? '',
    no_new_privs: ['no', 'yes'][Number(status.get('NoNewPrivs') ?? Number.NaN)] ?? '',
    container,
    network: networkOf(folder, container),
    network_namespace: /^net:\[(\d+)\]$/.exec(linkOf(`${folder}/ns/net`))?.[1] ?? '',
    cwd: redact(linkOf(`${folder}/cwd`)),
    root: redact(linkOf(`${folder}/root`)),
  }
}

/** Without /proc we know about ourselves only. */
function ownFacts(pid: number): Readonly<Record<string, string>> {
  if (pid !== process.pid) return {}
  return { uid: String(process.geteuid?.() ?? ''), cwd: redact(attempt(() => process.cwd())) }
}

/** `Name:\tvalue` lines of /proc/PID/status. */
function statusIn(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const at = line.indexOf(':')
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1).trim()]]
    }),
  )
}

/** Both are bit sets in hexadecimal; the bounding set is all that the box leaves open. */
function capabilitiesOf(effective: string | undefined, bounding: string | undefined): string {
  if (effective === undefined) return ''
  if (/^0*$/.test(effective)) return 'none'
  // Bit 21 is CAP_SYS_ADMIN, which no box gives away that is meant to hold.
  return effective === bounding && ((BigInt(`0x${effective}`) >> 21n) & 1n) === 1n ? 'all' : 'some'
}

const cgroupForms: readonly (readonly [name: string, form: RegExp])[] = [
  ['kubernetes', /kubepods/],
  ['docker', /[/-]docker[/-]/],
  ['podman', /libpod/],
  ['lxc', /\/lxc[/.]/],
  ['containerd', /containerd/],
]

/** A cgroup v2 namespace hides the path (`0::/`), so the runtimes' marker files are asked as well. */
function containerOf(folder: string): string {
  const cgroup = reading(`${folder}/cgroup`)
  const byGroup = cgroupForms.find(([, form]) => form.test(cgroup))?.[0]
  if (byGroup !== undefined) return byGroup
  if (existsSync(`${folder}/root/.dockerenv`)) return 'docker'
  if (existsSync(`${folder}/root/run/.containerenv`)) return 'podman'
  return existsSync(`${folder}/root/var/run/secrets/kubernetes.io`) ? 'kubernetes' : 'none'
}

function networkOf(folder: string, container: string): string {
  // Two lines of headings, then a line for each interface.
  const interfaces = reading(`${folder}/net/dev`).split('\n').slice(2)
  const names = interfaces.map((line) => line.split(':')[0]?.trim() ?? '').filter((name) => name !== '')
  if (interfaces.length === 0) return ''
  if (names.every((name) => name === 'lo')) return 'none'
  const first = linkOf('/proc/1/ns/net')
  // Inside a container its first process is not the machine's, and the machine's network cannot be told from one's own.
  if (first === '' || container !== 'none') return ''
  return first === linkOf(`${folder}/ns/net`) ? 'host' : 'own'
}

const reading = (path: string): string => attempt(() => readFileSync(path, 'latin1'))
const linkOf = (path: string): string => attempt(() => readlinkSync(path))

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** What cannot be read, or is gone, is not known. */
function attempt(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
