/** The file by which a second command finds the engine of a running service: readable by its owner only. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Login } from './users.js'

/** How to reach an embedded engine that runs. */
export interface Endpoint {
  /** `http://127.0.0.1:port` */
  readonly url: string
  /** May do everything. */
  readonly service: Login
  /** May only read, within bounds: dashboards, the `sql` command. */
  readonly reader: Login
}

interface Noted extends Endpoint {
  /** Of the process that supervises the engine. */
  readonly pid: number
}

const fileIn = (dataDir: string) => join(dataDir, 'engine.json')

export async function noteEndpoint(dataDir: string, endpoint: Endpoint): Promise<void> {
  const noted: Noted = { pid: process.pid, url: endpoint.url, service: endpoint.service, reader: endpoint.reader }
  // Whole or not at all, and never readable by others, not even for a moment.
  const temporary = `${fileIn(dataDir)}.${process.pid}`
  await writeFile(temporary, JSON.stringify(noted), { mode: 0o600 })
  await rename(temporary, fileIn(dataDir))
}

export async function forgetEndpoint(dataDir: string): Promise<void> {
  if ((await readNoted(dataDir))?.pid === process.pid) await rm(fileIn(dataDir), { force: true })
}

/** The engine of the service that runs on this data folder; `undefined` when none answers. */
export async function attachEmbedded(dataDir: string): Promise<Endpoint | undefined> {
  const noted = await readNoted(dataDir)
  if (!noted || !isAlive(noted.pid)) return undefined
  const { url, service, reader } = noted
  return (await answers(url)) ? { url, service, reader } : undefined
}

/** What the file says now, whether anything answers there or not. */
export async function notedEndpoint(dataDir: string): Promise<Endpoint | undefined> {
  const noted = await readNoted(dataDir)
  return noted && { url: noted.url, service: noted.service, reader: noted.reader }
}

/** A pid may have been given to another process since; only an engine answers. It may just be starting again. */
async function answers(url: string): Promise<boolean> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    try {
      const response = await fetch(`${url}/ping`, { signal: AbortSignal.timeout(2_000) })
      return (await response.text()) === 'Ok.\n'
    } catch {
      await delay(200)
    }
  }
  return false
}

/** Who supervises the engine of this folder, for messages. */
export async function holderOf(dataDir: string): Promise<number | undefined> {
  const noted = await readNoted(dataDir)
  return noted && isAlive(noted.pid) ? noted.pid : undefined
}

async function readNoted(dataDir: string): Promise<Noted | undefined> {
  try {
    const noted: unknown = JSON.parse(await readFile(fileIn(dataDir), 'utf8'))
    return isNoted(noted) ? noted : undefined
  } catch {
    return undefined
  }
}

function isNoted(value: unknown): value is Noted {
  const noted = value as Partial<Noted> | null
  return (
    typeof noted?.pid === 'number' &&
    typeof noted.url === 'string' &&
    typeof noted.service?.password === 'string' &&
    typeof noted.reader?.password === 'string'
  )
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
