/**
 * The policy file (`watchkeeper.yaml`): what an organisation says of its servers, tools and receivers. It is made of
 * sections; each stage that reads one brings it (`Section`), and this file knows none of them. A section stands at the top,
 * where it holds for all tenants, or under `tenants: NAME:`, where it is asked first.
 *
 * A file is taken whole or not at all: half a policy would be a blind spot nobody knows of.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { WatchkeeperError } from './errors.js'
import { mapOf, optional, type Reader, readYaml, record } from './yaml-reader.js'

export interface Section<T = unknown> {
  /** The key it stands under. */
  readonly name: string
  readonly reader: Reader<T>
}

export interface PolicyFile {
  readonly path: string
  /** The first 12 hex digits of the SHA-256 of its text, to tell two versions apart in a log. */
  readonly digest: string
  /** Tenants with sections of their own. */
  readonly tenants: readonly string[]
  /** What a section says for a tenant, then what it says for all; [] where the file does not have it. */
  of<T>(section: Section<T>, tenant: string): readonly T[]
}

type Sections = Readonly<Record<string, unknown>>

/** Absent, as told apart from any value a section may have. */
const absent = Symbol('absent')

/** As the files of policy and accounts and the API take a tenant. */
export const tenantForm = /^[a-z0-9][a-z0-9_-]{0,62}$/
export const isTenant = (text: string): boolean => tenantForm.test(text)

/** Throws `WK_POLICY` with every fault as `path:line:column: what`. */
export function parsePolicy(path: string, source: string, sections: readonly Section[]): PolicyFile {
  const keys = Object.fromEntries(
    sections.map(({ name, reader }) => [name, optional(reader as Reader<unknown>, absent)]),
  )
  const tenantKeys = record(keys) as Reader<Sections>
  const whole = record({
    ...keys,
    tenants: optional(
      mapOf(
        () => tenantKeys,
        (name) => (isTenant(name) ? undefined : 'a tenant is lower-case letters, digits, - and _'),
      ),
      new Map(),
    ),
  })
  const read = readYaml(source, whole, dirname(path))
  if (!('value' in read)) {
    const lines = read.faults.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`)
    throw new WatchkeeperError('WK_POLICY', `the policy file has ${lines.length} fault(s):\n  ${lines.join('\n  ')}`)
  }
  const { tenants, ...common } = read.value as Sections & { readonly tenants: ReadonlyMap<string, Sections> }
  return {
    path,
    digest: createHash('sha256').update(source).digest('hex').slice(0, 12),
    tenants: [...tenants.keys()],
    of: <T>({ name }: Section<T>, tenant: string) =>
      [tenants.get(tenant)?.[name], common[name]].filter((one): one is T => one !== undefined && one !== absent),
  }
}

/** Throws `WK_POLICY`, also for a file that is not there. */
export async function readPolicyFile(path: string, sections: readonly Section[]): Promise<PolicyFile> {
  let source: string
  try {
    source = await readFile(path, 'utf8')
  } catch (error) {
    throw new WatchkeeperError('WK_POLICY', `the policy file ${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
  return parsePolicy(path, source, sections)
}
