/**
 * The detectors there are, found by listing `detectors/` and a folder of the operator's own: the folder's name is the id, and
 * adding one is adding a folder. A detector that is not well made stops the start with `WK_DETECTOR_INVALID`, naming the folder and everything wrong in it:
 * one that is silently left out would be a blind spot nobody knows of.
 */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import * as nodeModule from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { eventKinds } from '@watchkeeper/sdk/event'
import { WatchkeeperError } from '../errors.js'
import { maturities, severities } from '../finding.js'
import { type Detector, inputs, type QueryDetector, type SessionDetector } from './contract.js'
import { resolve as resolveOwn } from './own-imports.js'

/** A detector with its name. */
export interface Named<D extends Detector = Detector> {
  readonly id: string
  readonly detector: D
  /** Where its compiled files are; absent for one that was made on the spot. */
  readonly folder?: string
}

export interface Catalogue {
  readonly all: readonly Named[]
  readonly session: readonly Named<SessionDetector>[]
  readonly query: readonly Named<QueryDetector>[]
}

/** Where the compiled detectors are. */
export const detectorsFolder = fileURLToPath(new URL('../../detectors/', import.meta.url))

/** Whether it came with Watchkeeper. */
export const isOurs = ({ folder }: Pick<Named, 'folder'>): boolean => folder?.startsWith(detectorsFolder) ?? false

export interface CatalogueOptions {
  /** Ours, compiled. */
  readonly folder?: string
  /** The operator's own (`WATCHKEEPER_DETECTORS_DIR`), compiled; '' is none. They run with all rights of this process. */
  readonly own?: string
  readonly only?: readonly string[]
}

interface Found {
  readonly id: string
  readonly folder: string
  /** As faults name it. */
  readonly place: string
}

/**
 * Loads every detector of both folders, in order of id; `only` keeps those (`WK_USAGE` for one that does not exist). One id
 * twice is a fault: it would be open which of the two is meant, and a folder of ours must not be replaced unseen.
 */
export async function loadCatalogue(options: CatalogueOptions = {}): Promise<Catalogue> {
  const { folder = detectorsFolder, own = '', only } = options
  const ours = await foldersIn(folder, 'detectors')
  const theirs = own === '' ? [] : await foldersIn(resolve(own), own)
  const all = [...ours, ...theirs].sort((a, b) => (a.id < b.id ? -1 : 1))
  const ids = all.map(({ id }) => id)
  const unknown = only?.filter((id) => !ids.includes(id)) ?? []
  if (unknown.length > 0)
    throw new WatchkeeperError('WK_USAGE', `there is no detector ${unknown.join(', ')}; there are ${ids.join(', ')}`)

  if (own !== '') resolveImportsOfOwn()
  const wanted = all.filter(({ id }) => only === undefined || only.includes(id))
  const read = await Promise.all(wanted.map(async (found) => ({ ...found, read: await readDetector(found) })))
  const faults = [
    ...theirs
      .filter(({ id }) => ours.some((other) => other.id === id))
      .map(({ place }) => `${place}: there is a detector of that id already; give it another name`),
    ...read.flatMap(({ place, read: { faults } }) => faults.map((fault) => `${place}: ${fault}`)),
  ]
  if (faults.length > 0)
    throw new WatchkeeperError(
      'WK_DETECTOR_INVALID',
      `${faults.length} fault(s) in detectors:\n  ${faults.join('\n  ')}`,
    )
  return catalogueOf(
    read.flatMap(({ id, folder, read: { detector } }) => (detector === undefined ? [] : [{ id, detector, folder }])),
  )
}

/** Throws `WK_DETECTOR_INVALID` where the folder cannot be listed. Packages and hidden folders are no detectors. */
async function foldersIn(folder: string, named: string): Promise<Found[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
      .map(({ name }) => ({ id: name, folder: join(folder, name), place: join(named, name) }))
  } catch (error) {
    throw new WatchkeeperError(
      'WK_DETECTOR_INVALID',
      `the detectors in ${folder} cannot be listed: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

let resolves = false

function resolveImportsOfOwn(): void {
  if (resolves) return
  resolves = true
  // In this thread where Node can (22.15 and later), else in one of Node's own.
  if ('registerHooks' in nodeModule) (nodeModule.registerHooks as (hooks: object) => void)({ resolve: resolveOwn })
  else nodeModule.register(new URL('./own-imports.js', import.meta.url))
}

/** A catalogue of the given detectors. */
export function catalogueOf(all: readonly Named[]): Catalogue {
  return {
    all,
    session: all.filter((named): named is Named<SessionDetector> => named.detector.type === 'session'),
    query: all.filter((named): named is Named<QueryDetector> => named.detector.type === 'query'),
  }
}

interface Read {
  readonly detector?: Detector
  readonly faults: readonly string[]
}

async function readDetector({ id, folder }: Found): Promise<Read> {
  const file = join(folder, 'detector.js')
  if (!existsSync(file)) {
    const isSource = existsSync(join(folder, 'detector.ts'))
    return { faults: [isSource ? 'detector.ts is not compiled; run tsc' : 'there is no detector.js'] }
  }
  try {
    const module = (await import(pathToFileURL(file).href)) as { default?: unknown }
    const faults = [
      ...(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id)
        ? []
        : ['the name of the folder must be lower-case words with hyphens']),
      ...faultsOf(module.default),
    ]
    return faults.length === 0 ? { detector: module.default as Detector, faults } : { faults }
  } catch (error) {
    return { faults: [`detector.ts cannot be loaded: ${(error as Error).message}`] }
  }
}

type Loose = Readonly<Record<string, unknown>>

/**
 * All that is wrong with a detector. Folders may come from others and be compiled elsewhere, so what the compiler would
 * have said is said again.
 */
export function faultsOf(value: unknown): string[] {
  if (!isRecord(value)) return ['detector.ts must export one made by sessionDetector() or queryDetector() as default']
  const faults: string[] = []
  const must = (held: boolean, what: string): void => {
    if (!held) faults.push(what)
  }
  const isSeconds = (seconds: unknown, least: number): boolean =>
    Number.isSafeInteger(seconds) && Number(seconds) >= least

  must(value['type'] === 'session' || value['type'] === 'query', 'type must be session or query')
  must(typeof value['judge'] === 'function', 'judge must be a function')
  if (value['type'] === 'session') {
    must(isSeconds(value['settleMs'], 0), 'settleMs must be milliseconds, 0 or more')
    must(isListOf(value['wakesOn'], eventKinds) && value['wakesOn'].length > 0, 'wakesOn must name kinds of event')
  }
  if (value['type'] === 'query') {
    const sql = value['sql']
    must(isSeconds(value['everySeconds'], 1), 'everySeconds must be a whole number from 1')
    must(isSeconds(value['settleSeconds'], 0), 'settleSeconds must be a whole number from 0')
    must(typeof sql === 'string' && sql.trim() !== '', 'sql must be a query')
    for (const parameter of ["{from:DateTime64(6, 'UTC')}", "{to:DateTime64(6, 'UTC')}", '{tenants:Array(String)}'])
      must(typeof sql === 'string' && sql.includes(parameter), `sql must use ${parameter}`)
  }
  return [...faults, ...faultsOfAbout(value['about'])]
}

function faultsOfAbout(about: unknown): string[] {
  if (!isRecord(about)) return ['about is missing']
  const faults: string[] = []
  const must = (held: boolean, what: string): void => {
    if (!held) faults.push(`about.${what}`)
  }
  const { title, severity, maturity, needs, version, tags } = about as Loose & { tags?: unknown }
  must(typeof title === 'string' && title.trim() !== '', 'title must not be empty')
  must(isListOf([severity], severities), `severity must be one of ${severities.join(', ')}`)
  must(isListOf([maturity], maturities), `maturity must be one of ${maturities.join(', ')}`)
  must(isListOf(needs, inputs), `needs must be a list of ${inputs.join(', ')}`)
  must(Number.isSafeInteger(version) && Number(version) >= 1, 'version must be a whole number from 1')
  const forms = { atlas: /^AML\.T\d{4}(\.\d{3})?$/, mcp: /^MCP(0[1-9]|10):2025$/, asi: /^ASI(0[1-9]|10)$/ }
  const given = isRecord(tags) ? tags : {}
  for (const [name, form] of Object.entries(forms)) {
    const list = given[name]
    must(
      Array.isArray(list) && list.every((tag) => typeof tag === 'string' && form.test(tag)),
      `tags.${name} must be a list of tags like ${form.source}`,
    )
  }
  must(
    Object.values(given).some((list) => Array.isArray(list) && list.length > 0),
    'tags must name at least one threat',
  )
  return faults
}

const isRecord = (value: unknown): value is Loose => typeof value === 'object' && value !== null

const isListOf = (value: unknown, allowed: readonly string[]): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string' && allowed.includes(item))
