/** A random secret of the service, made with the first start and kept in the data folder for its owner alone. */
import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { WatchkeeperError } from './errors.js'

/** 64 hex digits, the same for all who start on this folder. `name` is the file's. Throws `WK_CONFIG`. */
export async function keptSecret({
  dataDir,
  name,
}: {
  readonly dataDir: string
  readonly name: string
}): Promise<string> {
  const path = join(dataDir, name)
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    // Written aside and linked: whoever starts at the same moment finds it whole, and all find the same.
    await writeFile(draft, randomBytes(32).toString('hex'), { mode: 0o600, flush: true })
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    await rm(draft)
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new WatchkeeperError(
      'WK_CONFIG',
      `the ${name} cannot be kept in the data folder ${dataDir}; see WATCHKEEPER_DATA_DIR`,
      { cause: error },
    )
  }
}
