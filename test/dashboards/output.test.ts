import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { parse } from 'yaml'
import { dashboards } from '../../dashboards/index.js'
import { command } from '../../src/cli/dashboards.js'
import { commandIo } from '../support/command-io.js'

async function written(t: TestContext): Promise<ReadonlyMap<string, string>> {
  const out = await mkdtemp(join(tmpdir(), 'watchkeeper-dashboards-'))
  t.after(() => rm(out, { recursive: true, force: true }))
  const io = commandIo()
  assert.equal(await command.run(['--out', out, '--folder', '/there'], io), 0)
  const names = (await readdir(out, { recursive: true })).filter((name) => /\.(json|yaml)$/.test(name)).sort()
  assert.deepEqual(io.output.stdout.trim().split('\n').sort(), names.map((name) => join(out, name)).sort())
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(out, name), 'utf8')] as const)))
}

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly refId: string; readonly rawSql: string; readonly format: number }[]
  readonly fieldConfig?: {
    readonly defaults: { readonly noValue?: string; readonly unit?: string }
    readonly overrides: readonly { readonly properties: readonly { readonly id: string; readonly value: unknown }[] }[]
  }
}

interface Written {
  readonly uid: string
  readonly title: string
  readonly schemaVersion: number
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string }[] }
}

const overlap = (a: Panel['gridPos'], b: Panel['gridPos']): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h

describe('watchkeeper dashboards', () => {
  it('writes the same files every time', async (t) => {
    assert.deepEqual(await written(t), await written(t))
  })

  it('writes what Grafana sets itself up with, and no secret', async (t) => {
    const files = await written(t)
    const { providers } = parse(files.get('provisioning/dashboards/watchkeeper.yaml') ?? '')
    assert.equal(providers[0].options.path, '/there')
    const { datasources } = parse(files.get('provisioning/datasources/watchkeeper.yaml') ?? '')
    assert.equal(datasources[0].uid, 'watchkeeper')
    assert.match(datasources[0].secureJsonData.password, /^\$WATCHKEEPER_/)
  })

  it('asks for a place to write, and names the one it cannot', async () => {
    await assert.rejects(command.run([], commandIo()), { code: 'WK_USAGE' })
    await assert.rejects(command.run(['--out', '/dev/null/here'], commandIo()), {
      code: 'WK_FILE_UNWRITABLE',
      message: /\/dev\/null\/here/,
    })
  })

  for (const { uid } of dashboards)
    it(`makes of ${uid} what Grafana can show: ids, places, queries, words for each panel`, async (t) => {
      const dashboard = JSON.parse((await written(t)).get(`dashboards/${uid}.json`) ?? '') as Written
      assert.match(dashboard.uid, /^[a-z-]{8,40}$/)
      assert.ok(dashboard.schemaVersion >= 39)
      assert.equal(dashboard.templating.list[0]?.name, 'tenant')
      const { panels } = dashboard
      assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
      const titles = panels.map(({ title }) => title)
      assert.equal(new Set(titles).size, titles.length)
      for (const [index, panel] of panels.entries()) {
        const { x, w } = panel.gridPos
        assert.ok(x >= 0 && x + w <= 24, panel.title)
        for (const other of panels.slice(index + 1))
          assert.ok(!overlap(panel.gridPos, other.gridPos), `${panel.title} lies on ${other.title}`)
        if (panel.type === 'row') continue
        assert.ok((panel.description ?? '').length > 30, `${panel.title} says what it shows`)
        assert.ok(
          (panel.fieldConfig?.defaults.noValue ?? '') !== '',
          `${panel.title} says what it means that it is empty`,
        )
        assert.ok(panel.fieldConfig?.defaults.unit, panel.title)
        assert.equal(panel.targets?.length, 1, panel.title)
        assert.equal(panel.targets[0]?.format, panel.type === 'timeseries' ? 0 : 1, panel.title)
      }
    })
})

describe('links', () => {
  it('lead to dashboards that there are, set variables that those have, and carry only hex and ids', () => {
    const known = new Map(dashboards.map((one) => [one.uid, (one.templating?.list ?? []).map(({ name }) => name)]))
    let links = 0
    for (const text of dashboards.map((one) => JSON.stringify(one)))
      for (const [, to = '', query = ''] of text.matchAll(/"\/d\/([a-z-]+)\?([^"]*)"/g)) {
        links += 1
        for (const [, name = '', value = ''] of query.matchAll(/var-(\w+)=([^&]*)/g)) {
          assert.ok(known.get(to)?.includes(name), `${to} has a variable ${name}`)
          assert.match(value, /^\$\{__data\.fields\.(\w+_key|incident)\}$/)
        }
      }
    assert.ok(links > 10)
  })

  it('use fields that their table has', () => {
    for (const { panels = [], uid } of dashboards)
      for (const panel of panels as readonly Panel[]) {
        const sql = panel.targets?.[0]?.rawSql ?? ''
        for (const [, name] of JSON.stringify(panel).matchAll(/__data\.fields\.(\w+)/g))
          assert.match(sql, new RegExp(`\\bAS ${name}\\b`), `${uid}: ${panel.title} has ${name}`)
      }
  })
})
