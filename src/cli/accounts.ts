import { parseArgs } from 'node:util'
import {
  accountFilePath,
  changeAccounts,
  isAccountName,
  isTenantOrAll,
  newAccount,
  noAccounts,
  readAccounts,
} from '../console/accounts/file.js'
import { accountRoles } from '../console/person.js'
import { WatchkeeperError } from '../errors.js'
import { standingOf, withoutKey } from '../hashed-key.js'
import type { Command, CommandIo } from './command.js'
import { table } from './text/table.js'

const help = `usage: watchkeeper accounts create --name N --role viewer|analyst|admin [--tenant T] [--not-after TIME]
       watchkeeper accounts list
       watchkeeper accounts revoke ID

Accounts of the console and its API: an API key each, with a role and a tenant. People can also log in with their key in the
browser; with an OpenID Connect provider (WATCHKEEPER_OIDC_ISSUER) they need none.

create   makes an account and prints its key. It is shown this once: the file has only a hash of it.
list     shows all accounts, without secrets.
revoke   ends an account, its key and its sessions. A running console refuses it within a second, without a restart.

Roles: a viewer reads; an analyst also acts on incidents and silences; an admin also writes exclusions.
Without any account the console serves this machine alone, and whoever is on it is an admin; the first account ends that.

options of create:
  --name N          stands in the history of what was done (at most 64 characters)
  --role R          viewer, analyst or admin
  --tenant T        whose data it sees; default: all tenants
  --not-after TIME  ISO 8601, for example 2027-03-31 or 2027-03-31T12:00:00Z; default: no end

settings: WATCHKEEPER_ACCOUNTS_FILE (default accounts.json in WATCHKEEPER_DATA_DIR)

examples:
  watchkeeper accounts create --name "Mia Chen" --role analyst --tenant acme
  watchkeeper accounts revoke 1a2b3c4d

exit codes: 0 done · 64 usage · 78 the file of accounts cannot be read or written
`

const usage = (message: string): WatchkeeperError =>
  new WatchkeeperError('WK_USAGE', `${message}; "watchkeeper accounts --help" tells more`)

export const command: Command = {
  summary: 'make, list and revoke accounts of the console',
  help,
  async run(args, io) {
    const [what, ...rest] = args
    if (what === 'create') return create(rest, io)
    if (what === 'list') return list(rest, io)
    if (what === 'revoke') return revoke(rest, io)
    throw usage('accounts is followed by create, list or revoke')
  },
}

async function create(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      name: { type: 'string', default: '' },
      role: { type: 'string' },
      tenant: { type: 'string', default: '*' },
      'not-after': { type: 'string' },
    },
  })
  const { name, tenant, 'not-after': notAfter } = values
  if (!isAccountName(name)) throw usage('--name is letters, digits, spaces and . @ _ + -, at most 64 characters')
  if (!isTenantOrAll(tenant)) throw usage('--tenant is a name of lower-case letters, digits, - and _')
  const role = accountRoles.find((one) => one === values.role)
  if (role === undefined) throw usage(`--role is one of ${accountRoles.join(', ')}`)
  if (notAfter !== undefined && Number.isNaN(Date.parse(notAfter)))
    throw usage('--not-after is a time like 2027-03-31T12:00:00Z')
  const { key, account } = newAccount({
    name,
    role,
    tenant,
    createdAt: new Date().toISOString(),
    ...(notAfter === undefined ? {} : { notAfter: new Date(notAfter).toISOString() }),
  })
  await changeAccounts(accountFilePath(io.config()), (file) => {
    // The history of an incident says who by the name.
    if (file.accounts.some((one) => one.name === name && one.revokedAt === undefined))
      throw usage(`there is an account ${name} already; choose another name or revoke it`)
    return { ...file, accounts: [...file.accounts, account] }
  })
  const whose = tenant === '*' ? 'all tenants' : `tenant ${tenant}`
  io.stderr.write(`account ${account.id} of ${name} (${role}) for ${whose}; the key is shown this once:\n`)
  io.stdout.write(`${key}\n`)
  return 0
}

async function list(args: readonly string[], io: CommandIo): Promise<number> {
  parseArgs({ args: [...args], options: {} })
  const { accounts } = (await readAccounts(accountFilePath(io.config()))) ?? noAccounts
  const now = Date.now() * 1000
  const rows = accounts.map((one) => [
    one.id,
    one.name,
    one.role,
    one.tenant === '*' ? 'all' : one.tenant,
    one.createdAt,
    standingOf(one, now),
  ])
  io.stdout.write(`${table([['id', 'name', 'role', 'tenant', 'created', 'state'], ...rows]).join('\n')}\n`)
  return 0
}

async function revoke(args: readonly string[], io: CommandIo): Promise<number> {
  const { positionals } = parseArgs({ args: [...args], options: {}, allowPositionals: true })
  const [id, ...more] = positionals
  if (id === undefined || more.length > 0) throw usage('revoke is followed by one account id')
  const revokedAt = new Date().toISOString()
  await changeAccounts(accountFilePath(io.config()), (file) => {
    const accounts = withoutKey(file.accounts, id, revokedAt)
    if (accounts === undefined) throw usage(`there is no account ${JSON.stringify(id)}`)
    return { ...file, accounts }
  })
  io.stderr.write(`account ${id} is revoked\n`)
  return 0
}
