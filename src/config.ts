/**
 * Every setting once: its variable, what it means, its default, whether it is a secret, and how it is read. All faults
 * are reported together. The only place that reads the environment. `deploy/.env.example` is held true to this by a test.
 */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseDsn } from '@watchkeeper/sdk/dsn'
import { WatchkeeperError } from './errors.js'

/** Turns the text of a variable into a value; throws an `Error` that says what was expected. */
type Reader<T> = (text: string) => T

interface Setting<T> {
  readonly variable: `WATCHKEEPER_${string}`
  readonly meaning: string
  readonly fallback: T
  readonly secret: boolean
  readonly read: Reader<T>
}

const setting = <T>(variable: `WATCHKEEPER_${string}`, meaning: string, fallback: T, read: Reader<T>): Setting<T> => ({
  variable,
  meaning,
  fallback,
  secret: false,
  read,
})
const secret = <T>(variable: `WATCHKEEPER_${string}`, meaning: string, fallback: T, read: Reader<T>): Setting<T> => ({
  ...setting(variable, meaning, fallback, read),
  secret: true,
})

const text: Reader<string> = (value) => value
const list: Reader<readonly string[]> = (value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
const whole =
  (least: number, most: number): Reader<number> =>
  (value) => {
    const number = Number(value)
    if (!/^\d+$/.test(value) || number < least || number > most)
      throw new Error(`expected a whole number from ${least} to ${most}`)
    return number
  }
const choice =
  <const T extends string>(...allowed: readonly T[]): Reader<T> =>
  (value) => {
    const found = allowed.find((item) => item === value)
    if (found === undefined) throw new Error(`expected one of ${allowed.join(', ')}`)
    return found
  }
const yesNo: Reader<boolean> = (value) => {
  if (value === 'true' || value === '1') return true
  if (value === 'false' || value === '0' || value === '') return false
  throw new Error('expected true or false')
}
const httpUrl: Reader<string> = (value) => {
  if (value === '') return ''
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') throw new Error('expected an http or https URL')
  // It is shown in messages, and who takes it would warn of them (ClickHouse's client) or refuse it (fetch).
  if (url.username !== '' || url.password !== '')
    throw new Error('expected a URL without user and password; where both are needed they have settings of their own')
  return value
}

/** `admin=sec-leads`, comma-separated; checked here, read by the console. */
const roleMap: Reader<readonly string[]> = (value) => {
  const pairs = list(value)
  if (!pairs.every((pair) => /^(viewer|analyst|admin)=.+$/.test(pair)))
    throw new Error('expected pairs such as admin=sec-leads,analyst=soc; roles are viewer, analyst and admin')
  return pairs
}

const dsnText: Reader<string> = (value) => {
  const dsn = value === '' ? undefined : parseDsn(value)
  if (dsn !== undefined && 'fault' in dsn) throw new Error(dsn.fault)
  return value
}

const port = whole(0, 65_535)
const MiB = 1_048_576

export const settings = {
  dataDir: setting(
    'WATCHKEEPER_DATA_DIR',
    'Folder of the embedded engine, the ingest keys and the pepper.',
    join(homedir(), '.watchkeeper'),
    text,
  ),
  logLevel: setting(
    'WATCHKEEPER_LOG_LEVEL',
    'How much is logged.',
    'info',
    choice('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  ),
  logFormat: setting(
    'WATCHKEEPER_LOG_FORMAT',
    'json lines, or pretty for people; auto is pretty on a terminal.',
    'auto',
    choice('auto', 'json', 'pretty'),
  ),

  receiveHost: setting(
    'WATCHKEEPER_RECEIVE_HOST',
    'Address the OTLP receiver listens on; without any ingest key it is always loopback.',
    '127.0.0.1',
    text,
  ),
  receivePort: setting('WATCHKEEPER_RECEIVE_PORT', 'Port of OTLP/HTTP.', 4318, port),
  receiveMaxBody: setting(
    'WATCHKEEPER_RECEIVE_MAX_BODY',
    'Bytes of a request as sent.',
    8 * MiB,
    whole(1024, 1024 * MiB),
  ),
  receiveMaxDecoded: setting(
    'WATCHKEEPER_RECEIVE_MAX_DECODED',
    'Bytes of a request after decompression.',
    20 * MiB,
    whole(1024, 1024 * MiB),
  ),
  receiveMaxInFlight: setting(
    'WATCHKEEPER_RECEIVE_MAX_IN_FLIGHT',
    'Bytes of all requests that are being answered; beyond it the answer is 503.',
    256 * MiB,
    whole(MiB, 16_384 * MiB),
  ),
  receiveRate: setting(
    'WATCHKEEPER_RECEIVE_RATE',
    'Records a second for each ingest key; 0 is no limit. Beyond it the answer is 429.',
    0,
    whole(0, 10_000_000),
  ),
  keysFile: setting(
    'WATCHKEEPER_KEYS_FILE',
    'Ingest keys (hashes only); empty is keys.json in the data folder.',
    '',
    text,
  ),
  pepper: secret(
    'WATCHKEEPER_PEPPER',
    'Second key of all fingerprints; empty is a random one kept in the data folder. All receivers must share it.',
    '',
    text,
  ),

  clearText: setting(
    'WATCHKEEPER_CLEAR_TEXT',
    'Clear text of arguments and results that a service sends by opt-in: refuse drops it and keeps the record, accept stores it.',
    'refuse',
    choice('refuse', 'accept'),
  ),

  dsn: secret(
    'WATCHKEEPER_DSN',
    'Where commands that send records (tap, replay) send them, and with which keys; empty is this machine without keys.',
    '',
    dsnText,
  ),

  consoleHost: setting(
    'WATCHKEEPER_CONSOLE_HOST',
    'Address of health, metrics and console; without an account the console serves this machine only.',
    '127.0.0.1',
    text,
  ),
  consolePort: setting('WATCHKEEPER_CONSOLE_PORT', 'Port of health, metrics and console.', 8318, port),
  consoleUrl: setting(
    'WATCHKEEPER_CONSOLE_URL',
    'Where people reach the console, such as https://watchkeeper.example; with https its cookies are Secure. Empty is the address it listens on.',
    '',
    httpUrl,
  ),
  grafanaUrl: setting(
    'WATCHKEEPER_GRAFANA_URL',
    'Where people reach Grafana, such as https://grafana.example: alerts and the console link to its dashboards. Empty is no links.',
    '',
    httpUrl,
  ),
  consoleRate: setting(
    'WATCHKEEPER_CONSOLE_RATE',
    'Requests a minute for each account; log-ins are held to 20 a minute for each address.',
    600,
    whole(1, 1_000_000),
  ),
  consoleSecret: secret(
    'WATCHKEEPER_CONSOLE_SECRET',
    "Key that seals the console's cookies, at least 32 characters; empty is a random one kept in the data folder. All replicas must share it.",
    '',
    (value) => {
      if (value !== '' && value.length < 32) throw new Error('expected at least 32 characters')
      return value
    },
  ),
  accountsFile: setting(
    'WATCHKEEPER_ACCOUNTS_FILE',
    'Accounts of the console (hashes of API keys only); empty is accounts.json in the data folder.',
    '',
    text,
  ),
  oidcIssuer: setting(
    'WATCHKEEPER_OIDC_ISSUER',
    'OpenID Connect provider that people log in with; empty is none, and API keys alone.',
    '',
    httpUrl,
  ),
  oidcClientId: setting('WATCHKEEPER_OIDC_CLIENT_ID', 'Our client at the provider.', 'watchkeeper', text),
  oidcClientSecret: secret('WATCHKEEPER_OIDC_CLIENT_SECRET', 'Its secret; empty is a public client.', '', text),
  oidcScope: setting('WATCHKEEPER_OIDC_SCOPE', 'Scopes that are asked of the provider.', 'openid profile email', text),
  oidcRoleClaim: setting(
    'WATCHKEEPER_OIDC_ROLE_CLAIM',
    'Claim of the ID token with the role, or with groups that WATCHKEEPER_OIDC_ROLES maps.',
    'watchkeeper_role',
    text,
  ),
  oidcRoles: setting(
    'WATCHKEEPER_OIDC_ROLES',
    'Which values of that claim are which role: admin=sec-leads,analyst=soc. Empty takes viewer, analyst and admin as they are.',
    [],
    roleMap,
  ),
  oidcTenantClaim: setting(
    'WATCHKEEPER_OIDC_TENANT_CLAIM',
    'Claim of the ID token with the tenant; * is all tenants.',
    'watchkeeper_tenant',
    text,
  ),
  oidcTenant: setting(
    'WATCHKEEPER_OIDC_TENANT',
    'Tenant of those whose ID token has no such claim; * is all tenants, empty refuses them.',
    '',
    text,
  ),

  bus: setting(
    'WATCHKEEPER_BUS',
    'Where accepted records wait for the store.',
    'in-process',
    choice('in-process', 'kafka'),
  ),
  busMaxBytes: setting(
    'WATCHKEEPER_BUS_MAX_BYTES',
    'Memory of records that wait for their acknowledgement; beyond it publishing is refused.',
    64 * MiB,
    whole(MiB, 16_384 * MiB),
  ),
  kafkaBrokers: setting('WATCHKEEPER_KAFKA_BROKERS', 'host:port, comma-separated.', ['127.0.0.1:9092'], list),
  kafkaTopicPrefix: setting(
    'WATCHKEEPER_KAFKA_TOPIC_PREFIX',
    'Begins the names of all topics and consumer groups.',
    'watchkeeper',
    text,
  ),
  kafkaPartitions: setting(
    'WATCHKEEPER_KAFKA_PARTITIONS',
    'Partitions of the events topic when it is created.',
    12,
    whole(1, 10_000),
  ),
  kafkaReplication: setting(
    'WATCHKEEPER_KAFKA_REPLICATION',
    'Replicas of the topics when they are created.',
    1,
    whole(1, 15),
  ),
  kafkaRetentionHours: setting(
    'WATCHKEEPER_KAFKA_RETENTION_HOURS',
    'How long the events topic keeps records when it is created.',
    72,
    whole(1, 8_760),
  ),
  kafkaTls: setting('WATCHKEEPER_KAFKA_TLS', 'Speak TLS to the brokers.', false, yesNo),
  kafkaTlsCaFile: setting(
    'WATCHKEEPER_KAFKA_TLS_CA_FILE',
    'PEM file of the authority that signed the brokers.',
    '',
    text,
  ),
  kafkaSaslMechanism: setting(
    'WATCHKEEPER_KAFKA_SASL_MECHANISM',
    'How to log in to the brokers.',
    'none',
    choice('none', 'plain', 'scram-sha-256', 'scram-sha-512'),
  ),
  kafkaSaslUser: setting('WATCHKEEPER_KAFKA_SASL_USER', 'User at the brokers.', '', text),
  kafkaSaslPassword: secret('WATCHKEEPER_KAFKA_SASL_PASSWORD', 'Password at the brokers.', '', text),

  clickhouseUrl: setting(
    'WATCHKEEPER_CLICKHOUSE_URL',
    'A ClickHouse server; empty is the embedded engine.',
    '',
    httpUrl,
  ),
  clickhouseUser: setting('WATCHKEEPER_CLICKHOUSE_USER', 'User at the server.', 'default', text),
  clickhousePassword: secret('WATCHKEEPER_CLICKHOUSE_PASSWORD', 'Password at the server.', '', text),
  clickhouseReaderUser: setting(
    'WATCHKEEPER_CLICKHOUSE_READER_USER',
    'User at the server for queries of people, who needs no more than to read; empty is the user above, made read-only for each query.',
    '',
    text,
  ),
  clickhouseReaderPassword: secret('WATCHKEEPER_CLICKHOUSE_READER_PASSWORD', 'Password of that user.', '', text),
  clickhouseDatabase: setting('WATCHKEEPER_CLICKHOUSE_DATABASE', 'Database of our tables.', 'watchkeeper', text),
  clickhouseCluster: setting(
    'WATCHKEEPER_CLICKHOUSE_CLUSTER',
    'Name of a cluster in remote_servers of the server, on all whose shards and replicas our tables are; empty is one server.',
    '',
    text,
  ),
  storeBatchRows: setting('WATCHKEEPER_STORE_BATCH_ROWS', 'Most records of one insert.', 10_000, whole(1, 1_000_000)),
  storeBatchMs: setting('WATCHKEEPER_STORE_BATCH_MS', 'Longest wait for a batch to fill.', 200, whole(0, 60_000)),
  retentionDays: setting('WATCHKEEPER_RETENTION_DAYS', 'How long audit records are kept.', 90, whole(1, 3_650)),
  durability: setting(
    'WATCHKEEPER_DURABILITY',
    'What a kept record survives: death of our processes, or loss of power (fsync, about 1.7 times dearer).',
    'process',
    choice('process', 'power'),
  ),
  spoolDir: setting(
    'WATCHKEEPER_SPOOL_DIR',
    'Where the embedded engine keeps insert bodies for a moment; empty is /dev/shm, else the data folder.',
    '',
    text,
  ),

  policyFile: setting(
    'WATCHKEEPER_POLICY',
    'The policy file (watchkeeper.yaml): approved servers, classes of tools, what is private, exclusions; empty is none.',
    '',
    text,
  ),
  detectorsDir: setting(
    'WATCHKEEPER_DETECTORS_DIR',
    'Folder of compiled detectors of your own, each in a folder named by its id; they run with all rights of the service. Empty is none.',
    '',
    text,
  ),
  detectEveryMs: setting(
    'WATCHKEEPER_DETECT_EVERY_MS',
    'Pause between two looks at new records.',
    1000,
    whole(50, 3_600_000),
  ),
  detectSettleMs: setting(
    'WATCHKEEPER_DETECT_SETTLE_MS',
    'How long a session rests after its last record before it is judged.',
    1000,
    whole(0, 3_600_000),
  ),
  detectBudgetMs: setting(
    'WATCHKEEPER_DETECT_BUDGET_MS',
    'Time of one detector on one session; slower is reported, ten times as long is ended, twenty times is for all together.',
    250,
    whole(1, 600_000),
  ),
  sessionIdleMinutes: setting(
    'WATCHKEEPER_SESSION_IDLE_MINUTES',
    'Silence that ends a session of records that carry no session key.',
    30,
    whole(1, 1_440),
  ),

  alertEveryMs: setting(
    'WATCHKEEPER_ALERT_EVERY_MS',
    'Pause between two looks at new findings.',
    1000,
    whole(50, 3_600_000),
  ),
  webhookUrl: setting('WATCHKEEPER_WEBHOOK_URL', 'Receiver of incidents as CloudEvents; empty is none.', '', httpUrl),
  webhookSecret: secret(
    'WATCHKEEPER_WEBHOOK_SECRET',
    'Key of the HMAC-SHA256 signature of each delivery; empty is unsigned.',
    '',
    text,
  ),
  webhookMinSeverity: setting(
    'WATCHKEEPER_WEBHOOK_MIN_SEVERITY',
    'Least severity that is delivered.',
    'medium',
    choice('info', 'low', 'medium', 'high', 'critical'),
  ),
} as const satisfies Record<string, Setting<never> | Setting<unknown>>

type Settings = typeof settings
type ValueOf<S> = S extends { readonly read: Reader<infer T> } ? T : never

/** The settings of a process, read and checked. */
export type Config = { readonly [Name in keyof Settings]: ValueOf<Settings[Name]> } & {
  /** Variables `WATCHKEEPER_SECRET_…`, which the policy file names where a receiver needs a key. */
  readonly secrets: Readonly<Record<string, string>>
}

/** Names a file that holds the secret: how Docker and Kubernetes hand them out, seen in no list of processes. */
const fileVariable = (variable: string): string => `${variable}_FILE`

/** The line break that editors and `echo` leave at the end is no part of a secret. */
function secretText(variable: string, environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const path = environment[fileVariable(variable)]
  if (path === undefined || path === '') return environment[variable]
  if (environment[variable] !== undefined) throw new Error(`give it here or by ${fileVariable(variable)}, not both`)
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw new Error(`cannot read the file ${path} (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`)
  }
}

const isNamedSecret = (variable: string): boolean => variable.startsWith('WATCHKEEPER_SECRET_')

/** Values that are typed in the process (tests, the demo) instead of read. */
export type ConfigOverrides = Partial<Config>

/**
 * Reads every setting; throws one `WK_CONFIG` that names all faults, also variables of ours that do not exist.
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  overrides: ConfigOverrides = {},
): Config {
  const faults: string[] = []
  const values: Record<string, unknown> = {}
  const known = new Set<string>(['WATCHKEEPER_TRACES'])
  for (const [name, each] of Object.entries(settings) as [string, Setting<unknown>][]) {
    const { variable, fallback, read } = each
    known.add(variable)
    if (each.secret) known.add(fileVariable(variable))
    try {
      const given = each.secret ? secretText(variable, environment) : environment[variable]
      values[name] = given === undefined ? fallback : read(given)
    } catch (error) {
      faults.push(`${variable}: ${(error as Error).message}`)
    }
  }
  for (const variable of Object.keys(environment)) {
    if (variable.startsWith('WATCHKEEPER_') && !known.has(variable) && !isNamedSecret(variable))
      faults.push(`${variable}: there is no such setting`)
  }
  if (faults.length > 0)
    throw new WatchkeeperError('WK_CONFIG', `the settings have ${faults.length} fault(s):\n  ${faults.join('\n  ')}`)
  const secrets = Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (isNamedSecret(name) ? [[name, value ?? '']] : [])),
  )
  return { ...(values as Config), secrets, ...overrides }
}

/** The environment for a program that is not ours: all of it but our secrets. */
export function environmentForOthers(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string | undefined> {
  const secrets = new Set<string>(
    Object.values(settings).flatMap(({ variable, secret: isSecret }) => (isSecret ? [variable] : [])),
  )
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !secrets.has(name) && !isNamedSecret(name)))
}
