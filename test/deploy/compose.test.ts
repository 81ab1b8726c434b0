/** docker-compose.yml as Compose's own library reads it. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parse } from 'yaml'
import { readConfig } from '../../src/config.js'
import { pipelineRoles } from '../../src/pipeline.js'
import { fromRoot } from '../support/root.js'
import { goProgram, outcome, without } from '../support/tools.js'

interface Service {
  readonly command?: readonly string[] | null
  readonly environment?: Readonly<Record<string, string>>
  readonly secrets?: readonly { readonly source: string; readonly target?: string }[]
  readonly ports?: readonly { readonly host_ip?: string; readonly published: string; readonly target: number }[]
  readonly volumes?: readonly { readonly type: string; readonly source: string; readonly target: string }[]
  readonly networks?: Readonly<Record<string, unknown>>
  readonly profiles?: readonly string[]
  readonly image?: string
  readonly build?: { readonly target?: string }
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly healthcheck?: { readonly test?: readonly string[] }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
}

interface Project {
  readonly services: Readonly<Record<string, Service>>
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>
}

describe('docker-compose.yml', () => {
  let project: Project | undefined
  let absent = ''
  before(async () => {
    const tool = await goProgram('compose')
    if ('absent' in tool) {
      absent = tool.absent
      return
    }
    const { code, stdout, stderr } = await outcome(tool.path, [fromRoot('deploy/docker-compose.yml')])
    assert.equal(code, 0, stderr)
    project = JSON.parse(stdout) as Project
  })
  const check = (name: string, body: (project: Project) => void | Promise<void>) =>
    it(name, async (t) => {
      if (project === undefined) return t.skip(absent)
      await body(project)
    })
  const ours = ({ services }: Project) =>
    Object.entries(services).filter(([, { image }]) => image?.startsWith('watchkeeper:'))

  check('plays each role in a service of its own, with settings that there are', ({ services }) => {
    for (const role of pipelineRoles) {
      const { command, environment = {} } = services[role] ?? assert.fail(`there is a service ${role}`)
      assert.deepEqual(command, ['serve', '--role', role])
      const named = Object.entries(environment).filter(([name]) => name.startsWith('WATCHKEEPER_'))
      const withoutFiles = named.map(([name, value]) => [
        name,
        name.endsWith('_FILE') && value !== '' ? '/dev/null' : value,
      ])
      assert.equal(readConfig(Object.fromEntries(withoutFiles)).bus, 'kafka', role)
    }
  })

  check('keeps every secret in a file, and gives a service only those that it names', ({ services, secrets }) => {
    for (const [name, { environment = {}, secrets: given = [] }] of Object.entries(services)) {
      const files = new Set(given.map(({ source }) => source))
      for (const [variable, value] of Object.entries(environment)) {
        for (const [, file] of String(value).matchAll(/\/run\/secrets\/([\w.-]+)/g))
          assert.ok(files.has(String(file)), `${name} reads ${file} of ${variable}`)
        if (/PASSWORD|PEPPER|SECRET|DSN/.test(variable)) assert.match(variable, /_FILE$/, `${name}: ${variable}`)
      }
    }
    for (const { file } of Object.values(secrets)) assert.match(file, /\/deploy\/secrets\/[\w.-]+$/)
    assert.doesNotMatch(readFileSync(fromRoot('deploy/docker-compose.yml'), 'utf8'), /password: *\S/i)
  })

  check('publishes nothing beyond this machine but what speaks TLS', ({ services }) => {
    for (const [name, { ports = [] }] of Object.entries(services))
      for (const { host_ip, target } of ports)
        assert.ok(host_ip === '127.0.0.1' || (name === 'otel-collector' && target === 4319), `${name}: ${target}`)
  })

  check('lets nobody who reads the store or the bus out, but who has to send', ({ services, networks }) => {
    assert.equal(networks['inside']?.internal, true)
    const out = Object.entries(services).filter(([, { networks: given = {} }]) => 'outside' in given)
    assert.deepEqual(out.map(([name]) => name).sort(), ['alert', 'console', 'grafana', 'otel-collector', 'receive'])
  })

  check('runs ours on a read-only root, without rights, from the image without an engine', (all) => {
    const names = ours(all)
    assert.ok(names.length >= pipelineRoles.length)
    for (const [name, { read_only, cap_drop, security_opt, build }] of names) {
      assert.equal(read_only, true, name)
      assert.deepEqual(cap_drop, ['ALL'], name)
      assert.ok(security_opt?.includes('no-new-privileges:true'), name)
      assert.equal(build?.target, 'production', name)
    }
  })

  check('waits only for what says that it is well', ({ services }) => {
    for (const [name, { depends_on = {} }] of Object.entries(services))
      for (const [other, { condition }] of Object.entries(depends_on)) {
        const checked =
          services[other]?.healthcheck?.test !== undefined || services[other]?.image?.startsWith('watchkeeper')
        assert.ok(condition === 'service_completed_successfully' || checked, `${name} waits for ${other}`)
      }
  })

  check('mounts only files of this folder that there are', ({ services }) => {
    for (const [name, { volumes = [] }] of Object.entries(services))
      for (const { type, source } of volumes) {
        if (type !== 'bind' || source.endsWith('/policy')) continue
        const [folder = '', file = ''] = [join(source, '..'), source.split('/').at(-1)]
        assert.ok(readdirSync(folder).includes(file), `${name}: ${source}`)
      }
  })
})

describe('secrets.sh', { skip: await without('bash', 'openssl', 'git') }, () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'watchkeeper-secrets-'))
    const { code, stderr } = await outcome('bash', [fromRoot('deploy/secrets.sh'), folder])
    assert.equal(code, 0, stderr)
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('makes every file that docker-compose.yml reads, and leaves them as they are when it is run again', async () => {
    const named = Object.values(parse(readFileSync(fromRoot('deploy/docker-compose.yml'), 'utf8')).secrets).map((one) =>
      String((one as { file: string }).file)
        .split('/')
        .at(-1),
    )
    const made = () =>
      Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
    const first = made()
    for (const name of named) assert.ok((first[String(name)] ?? '').length > 20, String(name))
    assert.equal((await outcome('bash', [fromRoot('deploy/secrets.sh'), folder])).code, 0)
    assert.deepEqual(made(), first)
  })

  it('signs certificates that its authority vouches for, by the names of the services', async () => {
    for (const name of ['kafka', 'clickhouse']) {
      const verify = [
        'verify',
        '-CAfile',
        join(folder, 'ca.pem'),
        '-verify_hostname',
        name,
        join(folder, `${name}.pem`),
      ]
      const { code, stdout, stderr } = await outcome('openssl', verify)
      assert.equal(code, 0, stdout + stderr)
    }
  })

  it('makes different passwords, and git ignores the folder', async (t) => {
    const passwords = readdirSync(folder).filter((name) => !name.includes('.'))
    assert.ok(passwords.length >= 9)
    assert.equal(new Set(passwords.map((name) => readFileSync(join(folder, name), 'utf8'))).size, passwords.length)
    if (!existsSync(fromRoot('.git'))) return t.skip('this is no checkout of git')
    const { stdout } = await outcome('git', ['check-ignore', 'deploy/secrets/pepper', 'deploy/.env'], {
      cwd: fromRoot(''),
    })
    assert.deepEqual(stdout.trim().split('\n'), ['deploy/secrets/pepper', 'deploy/.env'])
  })
})

it('the Collector keeps the ingest key of each request, and answers only after ours answered', () => {
  const { extensions, exporters, receivers, service } = parse(
    readFileSync(fromRoot('deploy/otel-collector/collector.yaml'), 'utf8'),
  )
  assert.equal(receivers.otlp.protocols.http.include_metadata, true)
  assert.equal(extensions.headers_setter.headers[0].from_context, 'authorization')
  assert.equal(exporters.otlphttp.auth.authenticator, 'headers_setter')
  assert.equal(exporters.otlphttp.sending_queue.enabled, false)
  for (const { processors } of Object.values(service.pipelines) as { processors: string[] }[])
    assert.ok(!processors.includes('batch'))
})
