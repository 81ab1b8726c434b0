import { parseArgs } from 'node:util'
import { formatDsn, isTenantName } from '@watchkeeper/sdk/dsn'
import { type Role, roles } from '../audit-event.js'
import { WatchkeeperError } from '../errors.js'
import { standingOf, withoutKey } from '../hashed-key.js'
import {
  changeKeyFile,
  emptyKeyFile,
  isOwnerName,
  keyFilePath,
  newFingerprintKey,
  newIngestKey,
  readKeyFile,
} from '../receive/keys/file.js'
import type { Command, CommandIo } from './command.js'
import { table } from './text/table.js'

const help = `usage: watchkeeper keys create --tenant T --owner O --role server|agent|tap [--not-after TIME] [--url URL]
       watchkeeper keys list
       watchkeeper keys revoke ID

Ingest keys: who may send to the receiver. A key has a tenant (whose data it is), an owner (the service or person that
holds it, part of every record's identity) and a role. Only an agent's word lowers suspicion: a person's messages,
approvals and consents are believed from an agent's key and recorded without effect from the others.

create   makes a key and prints the one setting that connects a service, WATCHKEEPER_DSN. It is shown this once: the file
         has only a hash of the key. The DSN also holds the tenant's fingerprint key, so it is a secret twice over.
list     shows all keys, without secrets.
revoke   ends a key. Running receivers refuse it within a second, without a restart.

To rotate a key: create a second one, give it to the service, revoke the first. Without any key the receiver listens on
loopback only and takes everything as the tenant "default" with a development key; the first key ends that.

options of create:
  --tenant T        lower-case letters, digits, - and _ (at most 64)
  --owner O         for example the service's name (at most 64, no spaces)
  --role R          server, agent or tap
  --not-after TIME  ISO 8601, for example 2027-03-31 or 2027-03-31T12:00:00Z; default: no end
  --url URL         where services reach the receiver; default: http://WATCHKEEPER_RECEIVE_HOST:WATCHKEEPER_RECEIVE_PORT

settings: WATCHKEEPER_KEYS_FILE (default keys.json in WATCHKEEPER_DATA_DIR)

examples:
  watchkeeper keys create --tenant acme --owner billing-mcp --role server --url https://audit.acme.example:4318
  watchkeeper keys revoke 1a2b3c4d

exit codes: 0 done · 64 usage · 78 the file of keys cannot be read or written
`

const usage = (message: string): WatchkeeperError =>
  new WatchkeeperError('WK_USAGE', `${message}; "watchkeeper keys --help" tells more`)

export const command: Command = {
  summary: 'make, list and revoke ingest keys',
  help,
  async run(args, io) {
    const [what, ...rest] = args
    if (what === 'create') return create(rest, io)
    if (what === 'list') return list(rest, io)
    if (what === 'revoke') return revoke(rest, io)
    throw usage('keys is followed by create, list or revoke')
  },
}

async function create(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      tenant: { type: 'string' },
      owner: { type: 'string' },
      role: { type: 'string' },
      'not-after': { type: 'string' },
      url: { type: 'string' },
    },
  })
  const { tenant = '', owner = '', 'not-after': notAfter } = values
  if (!isTenantName(tenant)) throw usage('--tenant is a name of lower-case letters, digits, - and _')
  if (!isOwnerName(owner)) throw usage('--owner is a name without spaces, at most 64 characters')
  const role = roleOf(values.role)
  const config = io.config()
  const endpoint = endpointOf(values.url ?? `http://${bracketed(config.receiveHost)}:${config.receivePort}`)
  const { key, entry } = newIngestKey({
    tenant,
    owner,
    role,
    createdAt: new Date().toISOString(),
    ...(notAfter === undefined ? {} : { notAfter: timeOf(notAfter) }),
  })
  let fingerprintKey = ''
  await changeKeyFile(keyFilePath(config), (file) => {
    fingerprintKey = file.tenants[tenant]?.fingerprintKey ?? newFingerprintKey()
    return {
      ...file,
      tenants: { ...file.tenants, [tenant]: { ...file.tenants[tenant], fingerprintKey } },
      keys: [...file.keys, entry],
    }
  })
  const dsn = formatDsn({ endpoint, ingestKey: key, tenant, fingerprintKey: Buffer.from(fingerprintKey, 'base64url') })
  io.stderr.write(`key ${entry.id} of ${owner} (${role}) for tenant ${tenant}; the DSN is shown this once:\n`)
  io.stdout.write(`WATCHKEEPER_DSN=${dsn}\n`)
  return 0
}

async function list(args: readonly string[], io: CommandIo): Promise<number> {
  parseArgs({ args: [...args], options: {} })
  const { keys } = (await readKeyFile(keyFilePath(io.config()))) ?? emptyKeyFile
  const now = Date.now() * 1000
  const rows = keys.map((key) => [key.id, key.tenant, key.owner, key.role, key.createdAt, standingOf(key, now)])
  io.stdout.write(`${table([['id', 'tenant', 'owner', 'role', 'created', 'state'], ...rows]).join('\n')}\n`)
  return 0
}

async function revoke(args: readonly string[], io: CommandIo): Promise<number> {
  const { positionals } = parseArgs({ args: [...args], options: {}, allowPositionals: true })
  const [id, ...more] = positionals
  if (id === undefined || more.length > 0) throw usage('revoke is followed by one key id')
  const revokedAt = new Date().toISOString()
  await changeKeyFile(keyFilePath(io.config()), (file) => {
    const keys = withoutKey(file.keys, id, revokedAt)
    if (keys === undefined) throw usage(`there is no key ${JSON.stringify(id)}`)
    return { ...file, keys }
  })
  io.stderr.write(`key ${id} is revoked\n`)
  return 0
}

function roleOf(text: string | undefined): Role {
  const role = roles.find((one) => one === text)
  if (role === undefined) throw usage(`--role is one of ${roles.join(', ')}`)
  return role
}

function timeOf(text: string): string {
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw usage('--not-after is a time like 2027-03-31T12:00:00Z')
  return new Date(time).toISOString()
}

function endpointOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') throw usage('--url is an http or https URL')
  return (url.origin + url.pathname).replace(/\/+$/, '')
}

/** An IPv6 address in a URL. */
const bracketed = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host)
