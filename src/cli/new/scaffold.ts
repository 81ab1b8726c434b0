/**
 * What `watchkeeper new detector` writes. The templates are sources of ours, compiled and tested with all others, so that what
 * one begins with works.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WatchkeeperError } from '../../errors.js'

const root = fileURLToPath(new URL('../../../../', import.meta.url))

export type Kind = 'session' | 'query'

/** The sources' own detectors; `undefined` for an installed package, which has no place for more. */
export const ourDetectors = (): string | undefined =>
  existsSync(join(root, 'src/main.ts')) ? join(root, 'detectors') : undefined

/**
 * Writes a detector into a folder of detectors, and into one that is not ours also what it takes to compile there. Returns the
 * files. Throws `WK_FILE_UNWRITABLE`; no file that exists is changed.
 */
export async function scaffold(id: string, kind: Kind, folder: string): Promise<string[]> {
  const templates = join(root, 'src/cli/new', kind)
  const files = new Map<string, string>()
  for (const name of ['detector.ts', 'cases.ts', 'README.md']) {
    const source = await readFile(join(templates, name), 'utf8')
    files.set(join(folder, id, name), source.replace('DETECTOR_ID', id))
  }
  if (folder !== ourDetectors()) {
    files.set(join(folder, 'package.json'), packageJson)
    files.set(join(folder, 'tsconfig.json'), tsconfigFor(folder))
  }
  if (existsSync(join(folder, id)))
    throw new WatchkeeperError('WK_FILE_UNWRITABLE', `${join(folder, id)} exists already; nothing was written`)
  const written: string[] = []
  try {
    for (const [path, text] of files) {
      if (existsSync(path)) continue
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text, { flag: 'wx' })
      written.push(path)
    }
  } catch (error) {
    throw new WatchkeeperError('WK_FILE_UNWRITABLE', `cannot write: ${(error as Error).message}`, { cause: error })
  }
  return written
}

/** So that Node takes the compiled files for modules without having to look. */
const packageJson = `${JSON.stringify({ private: true, type: 'module', scripts: { build: 'tsc' } }, null, 2)}\n`

/** Types come from the Watchkeeper that made it; at run time the one that loads the detector puts its own contract in. */
function tsconfigFor(folder: string): string {
  const to = (path: string): string => {
    const way = relative(folder, join(root, path)).replaceAll('\\', '/')
    return way.startsWith('.') ? way : `./${way}`
  }
  const config = {
    compilerOptions: {
      target: 'ES2023',
      module: 'NodeNext',
      types: [],
      strict: true,
      noUncheckedIndexedAccess: true,
      verbatimModuleSyntax: true,
      skipLibCheck: true,
      paths: {
        '#detector': [to('dist/src/detect/contract.d.ts')],
        '#detector/story': [to('dist/src/detect/story.d.ts')],
        'simple-statistics': [to('node_modules/simple-statistics/index.d.ts')],
      },
    },
  }
  return `${JSON.stringify(config, null, 2)}\n`
}
