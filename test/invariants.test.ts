/** The invariants of src/README.md, read off the imports. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { minVersion, satisfies } from 'semver'
import { fromRoot } from './support/root.js'

interface Source {
  /** From the top of the checkout, `/` between folders. */
  readonly path: string
  readonly text: string
  /** Packages by name, files of ours by path from the top. */
  readonly imports: readonly string[]
}

function sources(folder: string): readonly Source[] {
  return readdirSync(fromRoot(folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !file.includes('node_modules') && !/(^|\/)dist\//.test(file))
    .map((file) => {
      const path = join(folder, file)
      const text = readFileSync(fromRoot(path), 'utf8')
      const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^'\n]+)'/g)].map(([, name]) =>
        name?.startsWith('.') ? normalize(join(dirname(path), name)).replace(/\.js$/, '.ts') : String(name),
      )
      return { path, text, imports }
    })
}

const all = [...sources('src'), ...sources('detectors')]
const stages = ['receive', 'bus', 'store', 'detect', 'alert', 'console'] as const
const inFolder = (folder: string) => all.filter(({ path }) => path.startsWith(`${folder}/`))

/** Every file that breaks a rule, as `file imports what`. */
function breaches(files: readonly Source[], forbidden: (name: string) => boolean): readonly string[] {
  return files.flatMap(({ path, imports }) => imports.filter(forbidden).map((name) => `${path} imports ${name}`))
}

const only = (packages: readonly string[], homes: readonly string[]) =>
  breaches(
    all.filter(({ path }) => !homes.some((home) => path === home || path.startsWith(`${home}/`))),
    (name) => packages.some((one) => name === one || name.startsWith(`${one}/`)),
  )

test('the test reads what it should', () => {
  assert.ok(all.some(({ imports }) => imports.includes('src/errors.ts')))
  for (const stage of stages.filter((name) => name !== 'console')) assert.ok(inFolder(`src/${stage}`).length > 0, stage)
})

for (const stage of stages) {
  test(`${stage} imports root files, the bus, the store's door and itself, no other stage`, () => {
    const found = breaches(inFolder(`src/${stage}`), (name) => {
      const [top, second, ...rest] = name.split('/')
      if (top !== 'src' || second === undefined || rest.length === 0)
        return name.startsWith('@watchkeeper/sdk') && !allowedSdk(stage, name)
      if (second === stage || second === 'bus') return false
      return name !== 'src/store/index.ts'
    })
    assert.deepEqual(found, [])
  })
}

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')

/** Types of the event anywhere; the attribute names, capture and DSN only where telemetry comes in. */
function allowedSdk(stage: string, name: string): boolean {
  return name === '@watchkeeper/sdk/event' || stage === 'receive'
}

test('the SDK imports nothing of the service', () => {
  assert.deepEqual(
    breaches(inFolder('src/sdk'), (name) => name.startsWith('src/') && !name.startsWith('src/sdk/')),
    [],
  )
})

test('the SDK and the stages never write to stdout', () => {
  const writers = all.filter(
    ({ path, text }) =>
      !path.startsWith('src/cli/') && path !== 'src/main.ts' && /process\.stdout|console\.(log|info)/.test(text),
  )
  assert.deepEqual(
    writers.map(({ path }) => path),
    [],
  )
})

test('each heavy dependency has one home', () => {
  assert.deepEqual(only(['kafkajs'], ['src/bus']), [])
  assert.deepEqual(only(['@clickhouse/client', 'chdb'], ['src/store']), [])
  assert.deepEqual(only(['fastify'], ['src/receive', 'src/console', 'src/health.ts']), [])
})

test('only config.ts reads the environment', () => {
  const readers = all
    .filter(({ path, text }) => path !== 'src/config.ts' && /process\.env/.test(text))
    .map(({ path }) => path)
  // main.ts hands it to config.ts. The SDK runs in other people's processes and has a reader of its own.
  assert.deepEqual(
    readers.filter((path) => path !== 'src/main.ts' && path !== 'src/sdk/environment.ts'),
    [],
  )
})

test('a detector imports #detector, simple-statistics and the files of its own folder', () => {
  const found = inFolder('detectors')
    .filter(({ path }) => !path.endsWith('/cases.ts'))
    .flatMap((file) => {
      const own = file.path.slice(0, file.path.lastIndexOf('/') + 1)
      return breaches([file], (name) => name !== '#detector' && name !== 'simple-statistics' && !name.startsWith(own))
    })
  assert.deepEqual(found, [])
})

test('time is a parameter: stages and detectors read no clock', () => {
  // The engine's child is a process of its own, so like main.ts it is where the clock comes from.
  const entries = ['src/store/embedded/child.ts']
  const readers = all.filter(
    ({ path, text }) =>
      (path.startsWith('detectors/') || stages.some((stage) => path.startsWith(`src/${stage}/`))) &&
      !entries.includes(path) &&
      /Date\.now\(\)|new Date\(\)/.test(withoutComments(text)),
  )
  assert.deepEqual(
    readers.map(({ path }) => path),
    [],
  )
})

test('no file is called utils', () => {
  assert.deepEqual(
    all.filter(({ path }) => /(^|\/)(utils?|helpers?|common|misc)(\.ts|\/)/.test(path)).map(({ path }) => path),
    [],
  )
})

test('every package that is installed works on the oldest Node that we support', () => {
  const oldest = minVersion(JSON.parse(readFileSync(fromRoot('package.json'), 'utf8')).engines.node)
  assert.ok(oldest)
  const { packages } = JSON.parse(readFileSync(fromRoot('package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly engines?: { readonly node?: string } }>>
  }
  const wanted = Object.entries(packages).flatMap(([name, { engines }]) =>
    engines?.node === undefined ? [] : [{ name, range: engines.node }],
  )
  assert.ok(wanted.length > 100)
  assert.deepEqual(
    wanted.filter(({ range }) => !satisfies(oldest, range)),
    [],
  )
})
