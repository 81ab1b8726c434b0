/**
 * The child process: the engine and its HTTP face, and nothing else. It lives as long as its parent's IPC channel and
 * obeys only that: a Ctrl-C that reaches the whole group must not take the engine away while the parent still drains.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Engine } from './engine.js'
import { engineConfig } from './engine-config.js'
import { Guard } from './guard.js'
import { httpFace } from './http-face.js'
import { limits } from './limits.js'
import { loadNative } from './native.js'
import { type FromChild, isToChild, type StartChild } from './protocol.js'
import { Spool } from './spool.js'

/** After the queries were killed, in milliseconds; then the process ends the hard way. */
const stopPatience = 5_000
/** For the last answers to be read, in milliseconds. */
const answerPatience = 1_000

const tell = (message: FromChild) => process.connected && process.send?.(message)
let shutDown = async (): Promise<void> => undefined
let stopping = false

/**
 * Ends the process. `process.exit` would wait for the engine's threads, however long a query takes; SIGKILL does not, and
 * what was acknowledged is in files.
 */
async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  const orderly = await Promise.race([shutDown().then(() => true), delay(stopPatience, false)]).catch(() => false)
  if (orderly) process.exit(0)
  process.kill(process.pid, 'SIGKILL')
}

async function start(options: StartChild): Promise<void> {
  await mkdir(options.path, { recursive: true, mode: 0o700 })
  const config = join(options.path, 'watchkeeper.xml')
  await writeFile(config, engineConfig(options.durability), { mode: 0o600 })
  const native = loadNative(options.native)
  const engine = await openEngine(
    () => Engine.open(native, options.path, [`--config-file=${config}`]),
    options.lockPatienceMs,
  )
  if (!engine) return
  const name = `watchkeeper-spool-${createHash('sha256').update(options.path).digest('hex').slice(0, 16)}`
  const spool = await Spool.open(options.spoolParents, name)
  const knownSettings = await engine.names('SELECT name FROM system.settings')
  const [version = ''] = await engine.names('SELECT version()')
  const guard = await Guard.open(engine)
  const { logins } = options
  const server = httpFace({ engine, guard, spool, logins, limits, knownSettings, version })
  shutDown = async () => {
    server.close()
    await engine.close()
    await spool.close()
    await hangUp(server)
  }
  server.listen(options.port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    tell({ type: 'failed', reason: 'port', message: (error as Error).message })
    return stop()
  }
  tell({ type: 'ready', port: (server.address() as AddressInfo).port })
}

/** Ends each connection once its last answer was sent; one that is not read, or not asked to its end, is cut. */
async function hangUp(server: Server): Promise<void> {
  const connections = promisify(server.getConnections.bind(server))
  const until = Date.now() + answerPatience
  while ((await connections()) > 0 && Date.now() < until) {
    server.closeIdleConnections()
    await delay(10)
  }
  server.closeAllConnections()
}

/**
 * A killed predecessor's child notices within moments and lets go of the folder. The binding reports a held lock only on
 * stderr, which the parent reads; here any failure is tried again for a while.
 */
async function openEngine(open: () => Promise<Engine>, patience: number): Promise<Engine | undefined> {
  const until = Date.now() + patience
  for (;;) {
    try {
      return await open()
    } catch (error) {
      if (Date.now() > until || stopping) {
        tell({ type: 'failed', reason: 'engine', message: (error as Error).message })
        await stop()
        return undefined
      }
      await delay(100)
    }
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
process.on('disconnect', () => void stop())
process.on('message', (message) => {
  if (!isToChild(message)) return
  if (message.type === 'stop') void stop()
  else
    start(message).catch((error: unknown) => {
      tell({ type: 'failed', reason: 'engine', message: error instanceof Error ? error.message : String(error) })
      return stop()
    })
})
