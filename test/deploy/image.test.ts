/** What the image would hold is put together here by the Dockerfile's own steps, and run: there is no Docker engine on our machines. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fromRoot } from '../support/root.js'
import { cleanEnvironment, finished, freePort } from '../support/service.js'
import { testServer } from '../support/store.js'
import { outcome, pythonTool } from '../support/tools.js'

const dockerfile = readFileSync(fromRoot('deploy/Dockerfile'), 'utf8').replace(/\\\n/g, ' ')
const stages = new Map(
  dockerfile
    .split(/^FROM /m)
    .slice(1)
    .map((text) => [/ AS (\S+)/.exec(text)?.[1] ?? '', text] as const),
)
const stage = (name: string): string => stages.get(name) ?? assert.fail(`the Dockerfile has a stage ${name}`)
const instructions = (name: string, word: string): readonly string[] =>
  [...stage(name).matchAll(new RegExp(`^${word} (.*)$`, 'gm'))].map(([, rest]) => String(rest).trim())
const one = (name: string, word: string): string => instructions(name, word)[0] ?? assert.fail(`${name} has ${word}`)

it('the Dockerfile has no fault that hadolint knows', async (t) => {
  const hadolint = await pythonTool('hadolint')
  if ('absent' in hadolint) return t.skip(hadolint.absent)
  const { code, stdout, stderr } = await outcome(hadolint.path, [fromRoot('deploy/Dockerfile')])
  assert.equal(code, 0, stdout + stderr)
})

it('no image is built from a secret, and every folder that the build reads is let in', () => {
  const rules = readFileSync(fromRoot('.dockerignore'), 'utf8').split('\n')
  assert.ok(rules.includes('*'), 'all is shut out first')
  for (const needed of ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.base.json', 'src', 'detectors'])
    assert.ok(rules.includes(`!${needed}`), needed)
  for (const project of JSON.parse(readFileSync(fromRoot('tsconfig.json'), 'utf8')).include)
    assert.ok(rules.includes(`!${String(project).split('/')[0]}`), project)
  assert.ok(!rules.some((rule) => rule.startsWith('!deploy')))
})

it('both images run as a user who is not root', () => {
  assert.match(one('base', 'USER'), /^[1-9]\d*:[1-9]\d*$/)
  assert.match(stage('production'), /^base AS production/)
  assert.match(stage('embedded'), /^base AS embedded/)
  assert.equal([...stages.keys()].at(-1), 'production', 'the default is the one without an engine')
})

/** The folder that the image would have as /app, by the Dockerfile's own steps, and what runs in it as the image's user. */
class Image {
  readonly outside = mkdtempSync(join(tmpdir(), 'watchkeeper-image-'))
  readonly app = join(this.outside, 'app')
  readonly #environment = Object.fromEntries(
    [...one('base', 'ENV').matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [String(name), String(value)]),
  )

  async putTogether(target: 'production' | 'embedded'): Promise<void> {
    const packages = `${target}-packages`
    assert.equal(one(target, 'COPY'), `--from=${packages} /app/node_modules ./node_modules`)
    for (const [from, to] of instructions(packages, 'COPY').map((line) => line.split(' '))) {
      const files = from === 'package.json' ? ['package.json', 'package-lock.json'] : [String(from)]
      const folder = to === 'package-lock.json' ? '.' : String(to)
      for (const file of files) this.#copy(file, join(folder, file.split('/').at(-1) ?? ''))
    }
    await this.#shell(one(packages, 'RUN').replace('npm ci', 'npm ci --prefer-offline'))
    // What `build` left: the compiler's output is that of this checkout.
    for (const path of instructions('base', 'COPY').map((line) => line.split(' ')[1]?.replace('/app/', '')))
      this.#copy(String(path), String(path))
    const [, ...prune] = one('build', 'RUN npm run').split('&&')
    await this.#shell(prune.join('&&'))
    chmodSync(this.outside, 0o755)
    mkdirSync(join(this.outside, 'data'), { mode: 0o700 })
    if (this.#user) chownSync(join(this.outside, 'data'), this.#user.uid, this.#user.gid)
  }

  remove(): void {
    rmSync(this.outside, { recursive: true, force: true })
  }

  start(args: readonly string[], settings: Readonly<Record<string, string>>): ChildProcess {
    const [node, ...entry] = JSON.parse(one('base', 'ENTRYPOINT')) as string[]
    assert.equal(node, 'node')
    const data = { WATCHKEEPER_DATA_DIR: join(this.outside, 'data'), WATCHKEEPER_CONSOLE_HOST: '127.0.0.1' }
    return spawn(process.execPath, [...entry, ...args], {
      cwd: this.app,
      env: cleanEnvironment({ ...this.#environment, ...data, ...settings }),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...this.#user,
    })
  }

  /** Starts what the image starts, waits until it is ready and healthy by the image's own check, does `meanwhile`, and stops it. */
  async serve(settings: Readonly<Record<string, string>>, meanwhile?: () => Promise<void>): Promise<void> {
    const ports = { console: await freePort(), receive: await freePort() }
    const all = {
      ...settings,
      WATCHKEEPER_CONSOLE_PORT: String(ports.console),
      WATCHKEEPER_RECEIVE_PORT: String(ports.receive),
    }
    const service = this.start(JSON.parse(one('base', 'CMD')), all)
    const ended = finished(service)
    const check = JSON.parse(/\[.*\]/.exec(one('base', 'HEALTHCHECK'))?.[0] ?? '') as string[]
    const healthy = async (environment: Readonly<Record<string, string>>) =>
      (await outcome(process.execPath, check.slice(1), { env: { ...process.env, ...environment } })).code
    try {
      assert.notEqual(await healthy({ WATCHKEEPER_CONSOLE_PORT: '9' }), 0, 'the check can fail')
      for (let attempt = 0; attempt < 300; attempt += 1) {
        const ready = await fetch(`http://127.0.0.1:${ports.console}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        )
        if (ready) break
        assert.equal(service.exitCode, null, (await Promise.race([ended, delay(100)]))?.stderr)
        await delay(100)
      }
      assert.equal(await healthy(all), 0)
      await meanwhile?.()
    } finally {
      service.kill('SIGTERM')
    }
    assert.equal((await ended).code, 0)
  }

  /** Only root can be somebody else: others run it as themselves. */
  get #user(): { readonly uid: number; readonly gid: number } | undefined {
    if (process.getuid?.() !== 0) return undefined
    const [uid, gid] = one('base', 'USER').split(':').map(Number)
    return { uid: Number(uid), gid: Number(gid) }
  }

  #copy(from: string, to: string): void {
    mkdirSync(dirname(join(this.app, to)), { recursive: true })
    cpSync(fromRoot(from), join(this.app, to), {
      recursive: true,
      filter: (path) => !path.slice(fromRoot('').length).includes('node_modules'),
    })
  }

  async #shell(command: string): Promise<void> {
    const { code, stderr } = await finished(
      spawn('sh', ['-ec', command], { cwd: this.app, stdio: ['ignore', 'pipe', 'pipe'] }),
    )
    assert.equal(code, 0, `${command}\n${stderr}`)
  }
}

describe('the production image', () => {
  let image: Image
  before(async () => {
    image = new Image()
    await image.putTogether('production')
  })
  after(() => image.remove())

  it('has neither sources nor compiler nor engine nor tests', () => {
    const files = ['src', 'dist', 'detectors'].flatMap((folder) =>
      readdirSync(join(image.app, folder), { recursive: true, encoding: 'utf8' }),
    )
    assert.ok(files.length > 100)
    assert.deepEqual(
      files.filter((file) => /\.(ts|map)$/.test(file)),
      [],
    )
    for (const absent of ['node_modules/typescript', 'node_modules/chdb', 'node_modules/@chdb', 'dist/test', 'test'])
      assert.ok(!existsSync(join(image.app, absent)), absent)
    assert.ok(existsSync(join(image.app, 'node_modules/@watchkeeper/sdk/dist/index.js')))
  })

  it('serves against a ClickHouse server, is healthy by its own check, and keeps what was accepted when asked to stop', async () => {
    const server = await testServer()
    await image.serve({
      WATCHKEEPER_CLICKHOUSE_URL: server.clickhouseUrl,
      WATCHKEEPER_CLICKHOUSE_USER: server.clickhouseUser,
      WATCHKEEPER_CLICKHOUSE_PASSWORD: server.clickhousePassword,
      WATCHKEEPER_CLICKHOUSE_DATABASE: `image_${Date.now()}`,
    })
  })

  it('writes the dashboards, and says what is missing where the engine would be needed', async () => {
    const out = join(image.outside, 'data/grafana')
    const { code, stderr } = await finished(image.start(['dashboards', '--out', out], {}))
    assert.equal(code, 0, stderr)
    assert.ok(existsSync(join(out, 'dashboards/watchkeeper-pipeline.json')))
    const without = await finished(image.start(['sql', 'SELECT 1'], {}))
    assert.notEqual(without.code, 0)
    assert.match(without.stderr, /WATCHKEEPER_CLICKHOUSE_URL|chdb|engine/)
  })
})

describe('the embedded image', () => {
  let image: Image
  before(async () => {
    image = new Image()
    await image.putTogether('embedded')
  })
  after(() => image.remove())

  it('has the engine and no compiler', () => {
    for (const [path, there] of [
      ['node_modules/chdb', true],
      ['node_modules/typescript', false],
      ['dist/test', false],
    ] as const)
      assert.equal(existsSync(join(image.app, path)), there, path)
  })

  it('serves with an engine of its own in the volume alone, and finds what it kept when it is started again', async () => {
    const asked = async () => {
      const { code, stdout, stderr } = await finished(
        image.start(['sql', 'SELECT count() AS n, max(at) AS at FROM migrations'], {}),
      )
      assert.equal(code, 0, stderr)
      return stdout
    }
    let before = ''
    await image.serve({}, async () => {
      before = await asked()
      assert.match(before, /\d/)
    })
    assert.ok(existsSync(join(image.outside, 'data/clickhouse')))
    await image.serve({}, async () => assert.equal(await asked(), before))
  })
})
