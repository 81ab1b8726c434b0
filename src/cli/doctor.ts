import { constants } from 'node:fs'
import { access, mkdir, statfs } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { configuredReceivers } from '../alert/index.js'
import { createBus } from '../bus/index.js'
import type { Config } from '../config.js'
import { exclusionsIn, hasExpired, loadCatalogue } from '../detect/index.js'
import { createLogger, type Logger } from '../log.js'
import { configuredPolicy } from '../policies.js'
import { openReader } from '../store/index.js'
import { Telemetry } from '../telemetry.js'
import type { Command, CommandIo } from './command.js'

const help = `usage: watchkeeper doctor

Checks a set-up from the settings on: Node, data folder, store, bus, policy file, detectors, the running service, the webhook's
address. One line for each check; where something is wrong it says what to do.

exit codes: 0 all is well · 1 something is not, as told · 78 the settings cannot be read
`

/** Told, and no reason to stop: what will be wrong soon, or is weaker than it was meant to be. */
interface Warning {
  readonly warning: string
}

/** What a check says when all is well; it throws where it is not. */
type Check = (config: Config, log: Logger) => Promise<string | Warning>

const GiB = 2 ** 30

const checks: Readonly<Record<string, Check>> = {
  async node() {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
    const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24
    if (!fits) throw new Error(`Node ${process.versions.node} is not supported; use 20.19+, 22.12+ or 24+`)
    return `Node ${process.versions.node}`
  },

  async 'data folder'({ dataDir }) {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    await access(dataDir, constants.R_OK | constants.W_OK)
    const { bavail, bsize } = await statfs(dataDir)
    const free = (bavail * bsize) / GiB
    if (free < 1) throw new Error(`${dataDir} has ${free.toFixed(1)} GiB left; the store needs room to merge`)
    return `${dataDir}, ${free.toFixed(0)} GiB free`
  },

  async store(config, log) {
    const reader = await openReader({ config, log })
    try {
      const answer = await reader.read('SELECT version() AS version, count() AS records FROM audit', 'JSONEachRow')
      const row = JSON.parse(await text(answer)) as { readonly version: string; readonly records: string }
      const home = config.clickhouseUrl === '' ? 'embedded engine' : config.clickhouseUrl
      return `${home}, ClickHouse ${row.version}, ${row.records} audit records`
    } finally {
      await reader.close()
    }
  },

  async bus(config, log) {
    if (config.bus === 'in-process') return 'in-process: receive and store share one process'
    const bus = createBus({ config, log, telemetry: new Telemetry(), now: () => Date.now() * 1000 })
    try {
      await bus.start()
      return `Kafka at ${config.kafkaBrokers.join(', ')}`
    } finally {
      await bus.close()
    }
  },

  async policy(config) {
    const file = await configuredPolicy(config)
    if (file === undefined)
      return 'none: the defaults hold (set WATCHKEEPER_POLICY; deploy/watchkeeper.example.yaml explains it)'
    const tenants = file.tenants.length === 0 ? '' : `, with words for ${file.tenants.join(', ')}`
    const said = `${file.path} (${file.digest})${tenants}`
    const exclusions = exclusionsIn(file)
    const now = Date.now() * 1000
    const expired = exclusions.filter((one) => hasExpired(one, now))
    if (expired.length > 0) {
      const list = expired.map(({ id, owner, expires }) => `${id} (ended ${dayBefore(expires)}, ask ${owner})`)
      return { warning: `${said}; exclusions that no longer hold: ${list.join(', ')}` }
    }
    return exclusions.length === 0 ? said : `${said}, ${exclusions.length} exclusion(s)`
  },

  async detectors({ detectorsDir }) {
    const { all } = await loadCatalogue({ own: detectorsDir })
    return `${all.length}: ${all.map(({ id }) => id).join(', ')}`
  },

  async service({ consoleHost, consolePort }) {
    const url = `http://${consoleHost}:${consolePort}/readyz`
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => undefined)
    if (!response) return `nothing runs at ${url} (start it with: npm start)`
    const body = (await response.json()) as { readonly checks?: Readonly<Record<string, string>> }
    const ailing = Object.entries(body.checks ?? {}).filter(([, outcome]) => outcome !== 'ok')
    if (!response.ok)
      throw new Error(`runs and is not ready: ${ailing.map(([name, why]) => `${name} ${why}`).join('; ')}`)
    return `ready at ${url}`
  },

  async receivers(config) {
    const receivers = configuredReceivers(config, await configuredPolicy(config), () => Date.now() * 1000)
    const names = receivers.map(({ notifier }) => notifier.name)
    return names.length === 0
      ? 'none: incidents are only stored (receivers in the policy file, or WATCHKEEPER_WEBHOOK_URL)'
      : `${names.join(', ')} (try one with: watchkeeper alert test ${names[0]})`
  },

  async webhook({ webhookUrl, webhookSecret }) {
    if (webhookUrl === '') return 'none: incidents are only stored (set WATCHKEEPER_WEBHOOK_URL)'
    const signed = webhookSecret === '' ? 'unsigned (set WATCHKEEPER_WEBHOOK_SECRET)' : 'signed'
    return `${new URL(webhookUrl).origin}, ${signed}`
  },
}

/** The last day that an exclusion held. Microseconds. */
const dayBefore = (expires: number): string => new Date(expires / 1000 - 1).toISOString().slice(0, 10)

async function run(_args: readonly string[], io: CommandIo): Promise<number> {
  const config = io.config()
  const log = createLogger({ ...config, logLevel: 'silent' })
  let ailing = 0
  let warnings = 0
  for (const [name, check] of Object.entries(checks)) {
    try {
      const said = await check(config, log)
      if (typeof said !== 'string') warnings += 1
      const line =
        typeof said === 'string' ? `ok    ${name.padEnd(12)} ${said}` : `WARN  ${name.padEnd(12)} ${said.warning}`
      io.stdout.write(`${line}\n`)
    } catch (error) {
      ailing += 1
      io.stdout.write(`FAULT ${name.padEnd(12)} ${error instanceof Error ? error.message : String(error)}\n`)
    }
  }
  const look = warnings === 0 ? '' : `, ${warnings} to look at`
  io.stdout.write(ailing === 0 ? `\nall is well${look}\n` : `\n${ailing} thing(s) to mend${look}\n`)
  return ailing === 0 ? 0 : 1
}

export const command: Command = { summary: 'check a set-up and say what to mend', help, run }
