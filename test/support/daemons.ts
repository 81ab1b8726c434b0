/**
 * Real programs of Debian's packages that take what we send, each in a folder and on ports of its own: Alertmanager, Exim, rsyslog. They
 * run as whoever runs the tests. Where one is not installed its tests are skipped, and in CI they fail.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  accessSync,
  chownSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Certificate } from './certificate.js'
import { eventually } from './eventually.js'

const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']

function found(program: string): string | undefined {
  return folders
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

const programs = { alertmanager: 'prometheus-alertmanager', exim: 'exim4', rsyslog: 'rsyslogd' } as const
const packages = {
  alertmanager: 'prometheus-alertmanager',
  exim: 'exim4-daemon-light',
  rsyslog: 'rsyslog rsyslog-gnutls',
}

/** For `{ skip }`: why a daemon's tests cannot run on this machine, or `false`. In CI they run, and fail without it. */
export const without = (daemon: keyof typeof programs): string | false =>
  process.env['CI'] || found(programs[daemon]) !== undefined
    ? false
    : `${programs[daemon]} is not on this machine (apt-get install ${packages[daemon]})`

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { readonly port: number }
  server.close()
  await once(server, 'close')
  return port
}

function ownFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-daemon-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Ready when `ready` says so; ended with the test. What it said is in the error if it ends before. */
async function started(
  t: TestContext,
  program: string,
  args: readonly string[],
  ready: () => Promise<true | undefined>,
): Promise<ChildProcess> {
  const path = found(program)
  if (path === undefined) throw new Error(`${program} is not installed, and this is CI`)
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-4_000)
    })
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await eventually(`${program} to listen`, () => {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${said}`)
    return ready()
  })
  return child
}

async function answersAt(port: number): Promise<true | undefined> {
  return new Promise((settled) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      settled(true)
    })
    socket.once('error', () => settled(undefined))
  })
}

/** An Alertmanager without peers that notifies nobody. Resolves to its address. */
export async function alertmanagerDaemon(t: TestContext): Promise<string> {
  const folder = ownFolder(t)
  const config = join(folder, 'alertmanager.yml')
  writeFileSync(config, 'route: { receiver: nobody, group_by: [incident] }\nreceivers: [{ name: nobody }]\n')
  const url = `http://127.0.0.1:${await freePort()}`
  const listen = `--web.listen-address=${new URL(url).host}`
  const state = `--storage.path=${join(folder, 'state')}`
  await started(t, programs.alertmanager, [`--config.file=${config}`, state, listen, '--cluster.listen-address='], () =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok || undefined,
      () => undefined,
    ),
  )
  return url
}

export interface MailServer {
  readonly port: number
  readonly user: string
  readonly password: string
  /** The mails in the mailbox, as they lie there. */
  readonly mails: () => readonly string[]
}

/** Exim with STARTTLS, which takes mail for soc@corp.example from whoever logs in, and writes it to a mailbox. */
export async function mailServer(t: TestContext, { key, cert }: Certificate): Promise<MailServer> {
  const folder = ownFolder(t)
  const box = join(folder, 'mail')
  mkdirSync(join(folder, 'spool'))
  const [keyFile, certFile, config] = ['key.pem', 'cert.pem', 'exim.conf'].map((file) => join(folder, file)) as [
    string,
    string,
    string,
  ]
  writeFileSync(keyFile, key)
  writeFileSync(certFile, cert)
  // Exim delivers nothing as root.
  const { uid, gid } = userInfo()
  const me = uid === 0 ? { uid: 65_534, gid: 65_534 } : { uid, gid }
  const [user, password] = ['watchkeeper', 'a password of the tests']
  writeFileSync(
    config,
    `exim_user = ${me.uid}
exim_group = ${me.gid}
spool_directory = ${join(folder, 'spool')}
log_file_path = ${join(folder, '%slog')}
pid_file_path = ${join(folder, 'pid')}
primary_hostname = mail.corp.example
tls_advertise_hosts = *
tls_certificate = ${certFile}
tls_privatekey = ${keyFile}
auth_advertise_hosts = \${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = check
acl_smtp_data = accept
deliver_drop_privilege = true
host_lookup =
rfc1413_hosts =
message_size_limit = 1M
begin acl
check:
  accept authenticated = *
         domains = corp.example
         local_parts = soc
  deny message = no
begin routers
box:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  maildir_format
  create_directory
  directory = ${box}
  user = ${me.uid}
  group = ${me.gid}
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{$auth2}{${user}}}{eq{$auth3}{${password}}}}}
  server_set_id = $auth2
`,
    { mode: 0o644 },
  )
  if (uid === 0) for (const path of [folder, join(folder, 'spool'), keyFile]) chownSync(path, me.uid, me.gid)
  const port = await freePort()
  await started(t, programs.exim, ['-C', config, '-bdf', '-oX', `127.0.0.1.${port}`], () => answersAt(port))
  const mails = (): readonly string[] => {
    try {
      return readdirSync(join(box, 'new'))
        .sort()
        .map((file) => readFileSync(join(box, 'new', file), 'utf8'))
    } catch {
      return []
    }
  }
  return { port, user, password, mails }
}

export interface SyslogServer {
  readonly tcp: number
  readonly tls: number
  /** What it wrote, a line a message: priority, tag and the text. */
  readonly lines: () => readonly string[]
}

/** rsyslog that takes RFC 5424 over TCP and over TLS, and writes each message as it understood it, in JSON. */
export async function syslogServer(t: TestContext, { key, cert }: Certificate): Promise<SyslogServer> {
  const folder = ownFolder(t)
  const [keyFile, certFile, config, out] = ['key.pem', 'cert.pem', 'rsyslog.conf', 'messages'].map((file) =>
    join(folder, file),
  ) as [string, string, string, string]
  writeFileSync(keyFile, key)
  writeFileSync(certFile, cert)
  const [tcp, tls] = [await freePort(), await freePort()]
  writeFileSync(
    config,
    `global(workDirectory="${folder}" maxMessageSize="256k" parser.escapeControlCharactersOnReceive="on"
  defaultNetstreamDriverCAFile="${certFile}" defaultNetstreamDriverCertFile="${certFile}" defaultNetstreamDriverKeyFile="${keyFile}")
module(load="imtcp")
template(name="understood" type="list" option.jsonf="on") {
  property(outname="priority" name="pri" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="kind" name="msgid" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="text" name="msg" format="jsonf")
}
input(type="imtcp" address="127.0.0.1" port="${tcp}")
input(type="imtcp" address="127.0.0.1" port="${tls}" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
*.* action(type="omfile" file="${out}" template="understood")
`,
  )
  await started(
    t,
    programs.rsyslog,
    ['-n', '-iNONE', '-f', config],
    async () => (await answersAt(tcp)) && answersAt(tls),
  )
  const lines = (): readonly string[] => {
    try {
      return readFileSync(out, 'utf8').split('\n').filter(Boolean)
    } catch {
      return []
    }
  }
  return { tcp, tls, lines }
}
