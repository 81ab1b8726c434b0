/** The Helm chart as Helm itself renders it, for the three value sets; the objects judged by the schemas of Kubernetes, KEDA and Prometheus. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject'
import { TriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication'
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor'
import { parse, parseAllDocuments } from 'yaml'
import { readConfig, settings } from '../../src/config.js'
import { pipelineRoles } from '../../src/pipeline.js'
import { policySections } from '../../src/policies.js'
import { parsePolicy } from '../../src/policy-file.js'
import { fromRoot } from '../support/root.js'
import { helm, outcome, pythonTool, type Tool } from '../support/tools.js'

interface Container {
  readonly name: string
  readonly image: string
  readonly args: readonly string[]
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[]
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
}

interface Pod {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> }
  readonly spec: {
    readonly containers: readonly [Container]
    readonly volumes: readonly {
      readonly name: string
      readonly projected?: {
        readonly sources: readonly { readonly secret: { readonly items: readonly { readonly path: string }[] } }[]
      }
    }[]
    readonly securityContext: Readonly<Record<string, unknown>>
    readonly automountServiceAccountToken: boolean
  }
}

interface Rendered {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  // biome-ignore lint/suspicious/noExplicitAny: objects of many kinds, judged by their schemas
  readonly spec: any
  readonly data?: Readonly<Record<string, string>>
}

const chart = fromRoot('deploy/helm/watchkeeper')
const sets = ['small', 'production', 'embedded'] as const
const kubernetes = '1.34.0'
const custom = { ScaledObject, TriggerAuthentication, ServiceMonitor }

describe('the Helm chart', () => {
  let tool: Tool = { absent: 'not looked for' }
  let folder = ''
  before(async () => {
    tool = await helm()
    folder = mkdtempSync(join(tmpdir(), 'watchkeeper-chart-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  const render = (args: readonly string[]) => {
    assert.ok('path' in tool)
    return outcome(tool.path, ['template', 'wk', chart, '--namespace', 'soc', '--kube-version', kubernetes, ...args])
  }
  async function rendered(set: string, ...more: string[]): Promise<readonly Rendered[]> {
    const { code, stdout, stderr } = await render(['-f', join(chart, 'value-sets', `${set}.yaml`), ...more])
    assert.equal(code, 0, stderr)
    writeFileSync(join(folder, `${set}.yaml`), stdout)
    return parseAllDocuments(stdout).flatMap((document) => document.toJS() ?? [])
  }
  const check = (name: string, body: () => Promise<void>) =>
    it(name, async (t) => {
      if ('absent' in tool) return t.skip(tool.absent)
      await body()
    })
  const pods = (objects: readonly Rendered[]): readonly Pod[] =>
    objects.flatMap(({ kind, spec }) => (kind === 'Deployment' || kind === 'StatefulSet' ? [spec.template] : []))
  const kinds = (objects: readonly Rendered[], kind: string) => objects.filter((object) => object.kind === kind)

  check('has no fault that helm lint knows, for any set', async () => {
    assert.ok('path' in tool)
    for (const set of sets) {
      const args = [
        'lint',
        chart,
        '--strict',
        '--kube-version',
        kubernetes,
        '-f',
        join(chart, 'value-sets', `${set}.yaml`),
      ]
      const { code, stdout } = await outcome(tool.path, args)
      assert.equal(code, 0, stdout)
    }
  })

  it('renders what the schemas of Kubernetes, KEDA and Prometheus allow, with no property that they do not know', async (t) => {
    if ('absent' in tool) return t.skip(tool.absent)
    const validate = await pythonTool('kubernetes-validate')
    if ('absent' in validate) return t.skip(validate.absent)
    const judge = (file: string) =>
      outcome('python3', [validate.path, '--strict', '-k', kubernetes, file], {
        env: { ...process.env, PYTHONPATH: join(validate.path, '../..') },
      })
    let judged = 0
    for (const set of sets) {
      const objects = await rendered(set)
      for (const object of objects)
        if (object.kind in custom) {
          judged += 1
          new custom[object.kind as keyof typeof custom](object as never).validate()
        }
      const { code, stdout, stderr } = await judge(join(folder, `${set}.yaml`))
      assert.equal(code, 0, stdout + stderr)
      const unknown = [...(stdout + stderr).matchAll(/find schema for kind (\w+)/g)].map(([, kind]) => String(kind))
      for (const kind of unknown) assert.ok(kind in custom, kind)
    }
    assert.equal(judged, 3)
    const broken = join(folder, 'broken.yaml')
    writeFileSync(
      broken,
      readFileSync(join(folder, 'small.yaml'), 'utf8').replace('revisionHistoryLimit', 'revisionsKept'),
    )
    assert.notEqual((await judge(broken)).code, 0, 'the judge can say no')
  })

  check('gives each role settings that there are, and each secret as a file to those that need it', async () => {
    for (const set of sets) {
      const all = pods(await rendered(set))
      const roles = all.map(({ spec }) => spec.containers[0].args.at(-1))
      assert.deepEqual(roles, set === 'embedded' ? ['all'] : [...pipelineRoles])
      for (const { spec } of all) {
        const [{ env, args }] = spec.containers
        const role = args.at(-1)
        const files = spec.volumes.flatMap(({ projected }) =>
          (projected?.sources ?? []).flatMap(({ secret }) => secret.items.map(({ path }) => path)),
        )
        for (const { name, value } of env)
          if (name.endsWith('_FILE') && value?.startsWith('/run/secrets'))
            assert.ok(files.includes(value.split('/').at(-1) ?? ''), `${set} ${role}: ${name}`)
        const named = env.filter(({ name }) => name.startsWith('WATCHKEEPER_'))
        const config = readConfig(
          Object.fromEntries(
            named.map(({ name, value = '' }) => [name, value.startsWith('/run/secrets') ? '/dev/null' : value]),
          ),
        )
        assert.equal(config.bus, set === 'embedded' ? 'in-process' : 'kafka')
        for (const { variable, secret } of Object.values(settings))
          if (secret) assert.ok(!env.some(({ name }) => name === variable), `${role}: ${variable} is no file`)
        if (role === 'receive')
          assert.ok(!files.some((file) => file.includes('CLICKHOUSE')), 'the receiver has no store')
        else if (role !== 'all') assert.ok(!files.includes('WATCHKEEPER_PEPPER'), `${role} has no pepper`)
        if (role !== 'console' && role !== 'all')
          assert.ok(!files.some((file) => /CONSOLE|OIDC/.test(file)), `${role} has nothing of the console`)
        assert.equal(
          env.some(({ valueFrom }) => valueFrom !== undefined),
          set === 'production' && role === 'alert',
        )
      }
    }
  })

  check('runs every pod without rights, on a read-only root, with room to write only where it must', async () => {
    for (const set of sets)
      for (const { spec } of pods(await rendered(set))) {
        assert.equal(spec.securityContext['runAsNonRoot'], true)
        assert.deepEqual(spec.securityContext['seccompProfile'], { type: 'RuntimeDefault' })
        assert.equal(spec.automountServiceAccountToken, false)
        const [{ securityContext, volumeMounts }] = spec.containers
        assert.deepEqual(securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
        for (const { name } of volumeMounts)
          assert.ok(
            spec.volumes.some((volume) => volume.name === name) || (set === 'embedded' && name === 'data'),
            name,
          )
      }
  })

  check(
    'lets a budget, an autoscaler and a policy of the network find the pods they are for, and no others',
    async () => {
      const objects = await rendered('production')
      const labels = pods(objects).map(({ metadata }) => metadata.labels)
      const matched = (selector: Readonly<Record<string, string>>) =>
        labels.filter((each) => Object.entries(selector).every(([name, value]) => each[name] === value)).length
      assert.equal(kinds(objects, 'NetworkPolicy').length, labels.length)
      for (const { spec } of kinds(objects, 'NetworkPolicy')) assert.equal(matched(spec.podSelector.matchLabels), 1)
      assert.equal(kinds(objects, 'PodDisruptionBudget').length, labels.length)
      for (const { spec } of kinds(objects, 'PodDisruptionBudget')) assert.equal(matched(spec.selector.matchLabels), 1)
      const named = new Set(kinds(objects, 'Deployment').map(({ metadata }) => metadata.name))
      const scaled = [...kinds(objects, 'HorizontalPodAutoscaler'), ...kinds(objects, 'ScaledObject')]
      assert.deepEqual(scaled.map(({ spec }) => spec.scaleTargetRef.name).sort(), [
        'wk-watchkeeper-detect',
        'wk-watchkeeper-receive',
        'wk-watchkeeper-store',
      ])
      for (const { spec, metadata } of scaled) {
        assert.ok(named.has(spec.scaleTargetRef.name))
        const target = objects.find(({ kind, metadata: { name } }) => kind === 'Deployment' && name === metadata.name)
        assert.equal(target?.spec.replicas, undefined, 'an upgrade does not undo the autoscaler')
      }
      assert.equal(kinds(await rendered('small'), 'PodDisruptionBudget').length, 0, 'one replica must be movable')
    },
  )

  check('lets the receiver not reach the store, and only those reach others who have to', async () => {
    const egress = (objects: readonly Rendered[], role: string) =>
      kinds(objects, 'NetworkPolicy')
        .filter(({ metadata }) => metadata.name.endsWith(`-${role}`))
        .flatMap(({ spec }) =>
          spec.egress.flatMap(({ ports }: { ports: { port: number }[] }) => ports.map(({ port }) => port)),
        )
    const objects = await rendered('production')
    assert.deepEqual(egress(objects, 'receive'), [53, 53, 9093])
    assert.deepEqual(egress(objects, 'store'), [53, 53, 9093, 8443])
    for (const role of ['alert', 'console']) assert.deepEqual(egress(objects, role), [53, 53, 9093, 8443, 443])
    assert.deepEqual(egress(await rendered('small'), 'console'), [53, 53, 9092, 9093, 8443, 8123], 'without a provider')
  })

  check('waits for no lag of a group or topic that is not ours', async () => {
    const [{ spec } = assert.fail()] = kinds(await rendered('production'), 'ScaledObject')
    const { consumerGroup, topic } = spec.triggers[0].metadata
    assert.deepEqual([consumerGroup, topic], ['watchkeeper.store', 'watchkeeper.events'])
  })

  check('brings a policy file that the service reads', async () => {
    const [{ data } = assert.fail()] = kinds(await rendered('production'), 'ConfigMap')
    parsePolicy('/etc/watchkeeper/watchkeeper.yaml', data?.['watchkeeper.yaml'] ?? '', policySections)
  })

  check('refuses values that cannot work, and says which', async () => {
    const base = ['-f', join(chart, 'value-sets/small.yaml')]
    const refused: readonly [readonly string[], RegExp][] = [
      [['--set', 'mode=clustered'], /mode/],
      [['--set', 'config.WATCHKEEPER_PEPPER=x'], /WATCHKEEPER_PEPPER/],
      [['--set', 'clickhouse.url=https://me:word@host'], /clickhouse/],
      [['--set', 'kafka.brokers=null'], /kafka.brokers/],
      [['--set', 'kafka.saslMechanism=plain'], /kafka\.receive\.secretName/],
      [['--set', 'clickhouse.secretName='], /clickhouse\.secretName/],
      [['--set', 'pepper.secretName='], /pepper.secretName/],
      [['--set', 'console.secretName='], /console.secretName/],
      [['--set', 'roles.detect.autoscaling.by=lag'], /only the role store/],
      [['--set', 'ingress.enabled=true'], /ingress|host/],
      [['--set', 'roles.stor.replicas=2'], /stor/],
    ]
    for (const [args, message] of refused) {
      const { code, stderr } = await render([...base, ...args])
      assert.notEqual(code, 0, args.join(' '))
      assert.match(stderr, message)
    }
  })

  it('has a schema for every value, and a default for every value of the schema', () => {
    const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8'))
    const values = parse(readFileSync(join(chart, 'values.yaml'), 'utf8'))
    const names = Object.keys(schema.properties).filter((name) => name !== 'global')
    assert.deepEqual(names.sort(), Object.keys(values).sort())
    assert.deepEqual(readdirSync(join(chart, 'value-sets')).sort(), sets.map((set) => `${set}.yaml`).sort())
  })
})
