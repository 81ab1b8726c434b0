/** A console over a real store, asked without sockets; accounts by name, a clock that stands. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { pino } from 'pino'
import { joinFindings } from '../../src/alert/joining.js'
import { type ConfigOverrides, readConfig } from '../../src/config.js'
import { changeAccounts, newAccount } from '../../src/console/accounts/file.js'
import { type ConsoleOptions, createConsole } from '../../src/console/index.js'
import type { AccountRole } from '../../src/console/person.js'
import { describedDetectors } from '../../src/described-detectors.js'
import type { Finding } from '../../src/finding.js'
import { healthRoutes } from '../../src/health.js'
import { type Incident, keepVersions } from '../../src/incidents.js'
import { stanceOf } from '../../src/policies.js'
import type { Store } from '../../src/store/index.js'
import { Telemetry } from '../../src/telemetry.js'
import { baseTime } from './findings.js'
import { temporaryFolder } from './receiver.js'
import { openTestStore } from './store.js'

export interface TestConsole {
  readonly app: FastifyInstance
  readonly store: Store
  readonly accountsFile: string
  /** Microseconds. */
  readonly clock: { now: number }
  readonly log: () => string
  /** Keys by the account's name. */
  readonly keys: Readonly<Record<string, string>>
  /** As the account of this name, over the API. */
  ask(name: string, url: string, body?: object): Promise<LightMyRequestResponse>
  inject(options: InjectOptions): Promise<LightMyRequestResponse>
}

export interface Account {
  readonly role: AccountRole
  /** Default: all. */
  readonly tenant?: string
  readonly notAfter?: string
}

export interface TestConsoleOptions extends Partial<Omit<ConsoleOptions, 'config'>> {
  readonly config?: ConfigOverrides
  readonly accounts?: Readonly<Record<string, Account>>
  /** Default: a new one. */
  readonly kept?: Store
}

/** Loaded once for all tests of a file. */
const described = describedDetectors({ detectorsDir: '' })

export async function testConsole(t: TestContext, given: TestConsoleOptions = {}): Promise<TestConsole> {
  const { config: some, accounts = {}, kept, ...rest } = given
  const dataDir = some?.dataDir ?? (await temporaryFolder(t))
  const config = readConfig({}, { ...some, dataDir })
  const accountsFile = join(dataDir, 'accounts.json')
  const clock = { now: baseTime + 3_600_000_000 }
  const store = kept ?? (await openTestStore(t))
  const keys: Record<string, string> = {}
  for (const [name, { role, tenant = '*', notAfter }] of Object.entries(accounts))
    keys[name] = await addAccount(accountsFile, { name, role, tenant, ...(notAfter && { notAfter }) })
  const lines: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const mounted = await createConsole({
    config,
    store: () => store,
    policies: stanceOf(undefined).policies,
    detectors: await described,
    reloadPolicy: async () => undefined,
    log,
    now: () => clock.now,
    ...rest,
  })
  const app = healthRoutes({ telemetry: new Telemetry(), checks: {}, mounted })
  t.after(() => app.close())
  await app.ready()
  return {
    app,
    store,
    accountsFile,
    clock,
    keys,
    log: () => lines.join(''),
    inject: (options) => app.inject(options),
    ask: (name, url, body) =>
      app.inject({
        method: body === undefined ? 'GET' : 'POST',
        url,
        headers: { authorization: `Bearer ${keys[name]}` },
        ...(body !== undefined && { payload: body }),
      }),
  }
}

/** Returns its key. */
export async function addAccount(
  file: string,
  given: { readonly name: string; readonly role: AccountRole; readonly tenant: string; readonly notAfter?: string },
): Promise<string> {
  const { key, account } = newAccount({ createdAt: '2026-11-24T00:00:00.000Z', ...given })
  await changeAccounts(file, (content) => ({ ...content, accounts: [...content.accounts, account] }))
  return key
}

/** What alerting makes of these findings, kept. */
export async function keepIncidents(store: Store, findings: readonly Finding[], now = baseTime): Promise<Incident[]> {
  const made = joinFindings(findings, [], now).map(({ incident }) => incident)
  await keepVersions(store, made)
  return made
}

/** The code of a refusal, with its status. */
export const refused = (reply: LightMyRequestResponse): string =>
  `${reply.statusCode} ${(reply.json() as { error?: { code?: string } }).error?.code}`

/** A receiver refused the incident's latest version. */
export const keepRefused = (
  store: Store,
  { id, version }: Incident,
  { receiver, reason }: { readonly receiver: string; readonly reason: string },
): Promise<void> =>
  store.insert('deliveries', [
    {
      incident_id: id,
      version,
      receiver,
      attempt: 1,
      outcome: 'refused',
      status: 404,
      reason,
      at: baseTime,
      next_at: 0,
      step_id: '',
      message_group: '',
    },
  ])
