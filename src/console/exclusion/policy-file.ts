/**
 * Writes a proposal into the policy file: under its tenant, with all else that stands there kept as it is, and only if the file is still
 * without fault afterwards.
 */
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Document, isMap, isSeq, parseDocument } from 'yaml'
import { WatchkeeperError } from '../../errors.js'
import type { Logger } from '../../log.js'
import { policySections } from '../../policies.js'
import { parsePolicy } from '../../policy-file.js'
import type { Proposal } from './proposal.js'

/** As it stands in the file, to paste. Names of events can be nothing but values in it. */
export function yamlOf({ tenant, entries }: Proposal): string {
  return new Document({ tenants: { [tenant]: { exclusions: entries } } }).toString({ lineWidth: 0 })
}

export interface PolicyWriter {
  /** '' where it is written, else why it cannot be. */
  write(proposal: Proposal): Promise<string>
  /** Whether the file has an exclusion of this id for this tenant. */
  holds(tenant: string, id: string): Promise<boolean>
}

export interface PolicyWriterOptions {
  /** '' is none. */
  readonly path: string
  readonly log: Logger
  /** Has the file read again. */
  readonly reload: () => Promise<void>
}

export function policyWriter({ path, log, reload }: PolicyWriterOptions): PolicyWriter {
  let writing: Promise<unknown> = Promise.resolve()

  async function write(proposal: Proposal): Promise<string> {
    const { tenant, entries, story } = proposal
    if (path === '') return 'there is no policy file: set WATCHKEEPER_POLICY'
    if (entries.length === 0) return 'its findings have no name that an exclusion could match'
    const place = join(dirname(path), entries[0]?.case ?? '')
    const draft = `${path}.new`
    let made = false
    try {
      const source = await readFile(path, 'utf8')
      const after = withEntries(source, proposal)
      if (typeof after !== 'string') return after.fault
      await mkdir(dirname(place), { recursive: true })
      made = await writeFile(place, story, { flag: 'wx' }).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          // A case that is there was written for it: somebody may have filled it in.
          if (error.code !== 'EEXIST') throw error
          return false
        },
      )
      parsePolicy(path, after, policySections)
      // The draft is the lock: a second writer, here or in another replica, would lose what the first one wrote.
      await writeFile(draft, after, { flag: 'wx', flush: true })
      try {
        if ((await readFile(path, 'utf8')) !== source) throw new Error('it was changed meanwhile; try again')
        await chmod(draft, (await stat(path)).mode & 0o777)
        await rename(draft, path)
      } catch (error) {
        await rm(draft, { force: true })
        throw error
      }
    } catch (error) {
      if (made) await rm(place, { force: true })
      log.warn({ err: error, policy: path }, 'an exclusion could not be written')
      const { code, message } = error as NodeJS.ErrnoException
      return `the policy file cannot be written: ${error instanceof WatchkeeperError ? message : (code ?? message)}`
    }
    log.info({ tenant, exclusions: entries.map(({ id }) => id), policy: path }, 'an exclusion was written')
    await reload()
    return ''
  }

  return {
    write(proposal) {
      const next = writing.then(() => write(proposal))
      writing = next
      return next
    },
    async holds(tenant, id) {
      if (path === '') return false
      const source = await readFile(path, 'utf8').catch(() => '')
      const list: unknown = parseDocument(source).getIn(['tenants', tenant, 'exclusions'])
      return isSeq(list) && list.items.some((item) => isMap(item) && item.get('id') === id)
    },
  }
}

function withEntries(source: string, { tenant, entries }: Proposal): string | { readonly fault: string } {
  const file = parseDocument(source)
  if (file.errors.length > 0) return { fault: 'the policy file is not YAML as it stands' }
  const at = ['tenants', tenant, 'exclusions']
  const list: unknown = file.getIn(at)
  if (list !== undefined && !isSeq(list)) return { fault: 'the policy file has something else where exclusions belong' }
  const known = isSeq(list) ? list.items.map((item) => (isMap(item) ? item.get('id') : undefined)) : []
  const taken = entries.find(({ id }) => known.includes(id))
  if (taken !== undefined) return { fault: `the policy file has an exclusion ${taken.id} already` }
  if (list === undefined) file.setIn(at, file.createNode(entries))
  else for (const entry of entries) file.addIn(at, file.createNode(entry))
  return file.toString({ lineWidth: 0 })
}
