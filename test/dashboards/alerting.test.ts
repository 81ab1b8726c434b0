/** Each alert rule is asked of a real engine where it has to fire, and where it has to be quiet. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { parse } from 'yaml'
import { type AlertRule, alertRules, contactPoints, pipelineRules } from '../../dashboards/alerting.js'
import { pipelineHealth } from '../../dashboards/pipeline-health.js'
import { dataSource } from '../../dashboards/query.js'
import type { Store } from '../../src/store/index.js'
import { baseTime, events, hour, minute, storeOfTheDay } from '../support/dashboard-story.js'
import { expand } from '../support/grafana.js'

interface InGrafana {
  readonly uid: string
  readonly condition: string
  readonly data: readonly {
    readonly refId: string
    readonly datasourceUid: string
    readonly relativeTimeRange: { readonly from: number; readonly to: number }
    readonly model: {
      readonly rawSql?: string
      readonly expression?: string
      readonly conditions?: readonly {
        readonly evaluator: { readonly type: string; readonly params: readonly number[] }
      }[]
    }
  }[]
  readonly notification_settings: { readonly receiver: string }
  readonly panelId: number
}

const [{ rules }] = parse(alertRules()).groups as [{ rules: readonly InGrafana[] }]

/** Microseconds after `baseTime`, and what fires then: labels, and the number compared. */
interface Moment {
  readonly at: number
  readonly fires: readonly Readonly<Record<string, unknown>>[]
}

const quiet = (at: number): Moment => ({ at, fires: [] })
const lags = events.map(({ receivedAt }) => baseTime + 4 * hour - receivedAt).sort((a, b) => a - b)
/** Seconds; all was stored four hours after `baseTime`. */
const lagAt95 = (lags[Math.floor(lags.length * 0.95)] ?? Number.NaN) / 1_000_000

const moments: Readonly<Record<string, readonly Moment[]>> = {
  'watchkeeper-silent-sensors': [
    {
      at: 4 * hour,
      fires: [
        { tenant: 'acme', producers: '2' },
        { tenant: 'globex', producers: '1' },
      ],
    },
    quiet(13 * minute),
  ],
  'watchkeeper-nothing-stored': [
    { at: 4 * hour + 20 * minute, fires: [{ seconds: '1200' }] },
    quiet(4 * hour + minute),
  ],
  'watchkeeper-lag': [{ at: 4 * hour + minute, fires: [{ seconds: lagAt95 }] }, quiet(3 * hour)],
  'watchkeeper-lost': [
    {
      at: 10 * minute,
      fires: [
        { stage: 'receive', reason: 'full', records: '5' },
        { stage: 'receive', reason: 'malformed_record', records: '3' },
      ],
    },
    quiet(2 * hour),
  ],
  'watchkeeper-dead-letters': [
    { at: 10 * minute, fires: [{ tenant: 'acme', reason: 'unknown_event', letters: '1' }] },
    quiet(2 * hour),
  ],
  'watchkeeper-deliveries': [quiet(50 * minute), quiet(3 * hour)],
  'watchkeeper-silent-itself': [{ at: hour, fires: [{ silent: 1 }] }, quiet(3 * minute)],
}

describe('alert rules of the pipeline', () => {
  let store: Store
  const ends: (() => unknown)[] = []
  before(async () => {
    store = await storeOfTheDay({ after: (end) => void ends.push(end as () => unknown) })
  })
  after(async () => {
    for (const end of ends) await end()
  })

  /** What Grafana would do: the range before `at`, the data source's macros, the threshold over the numeric column. */
  async function firing(uid: string, at: number) {
    const rule = rules.find((one) => one.uid === uid) ?? assert.fail(uid)
    const [query, threshold] = rule.data
    assert.ok(query && threshold)
    assert.deepEqual([query.datasourceUid, threshold.model.expression], [dataSource.uid, query.refId])
    assert.equal(rule.condition, threshold.refId)
    const toMs = (baseTime + at) / 1000
    const view = { fromMs: toMs - query.relativeTimeRange.from * 1000, toMs, intervalMs: 60_000, variables: {} }
    const rows = await store.query<Record<string, unknown>>(expand(query.model.rawSql ?? '', view))
    const { type, params } = threshold.model.conditions?.[0]?.evaluator ?? assert.fail(uid)
    assert.equal(type, 'gt')
    return rows.filter((row) => {
      const numbers = Object.values(row).filter((value) => value !== '' && Number.isFinite(Number(value)))
      assert.equal(numbers.length, 1, 'one column is a number, the others are labels')
      return Number(numbers[0]) > Number(params[0])
    })
  }
  const sorted = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort()

  for (const [uid, expected] of Object.entries(moments))
    it(`${uid} fires when it has to, and not else`, async () => {
      for (const { at, fires } of expected) assert.deepEqual(sorted(await firing(uid, at)), sorted(fires), String(at))
    })

  it('watchkeeper-deliveries fires when nothing reached a receiver, and not when a later attempt did', async () => {
    await store.insert('deliveries', [
      {
        incident_id: '11111111-1111-4111-8111-111111111111',
        version: 1,
        receiver: 'pager',
        attempt: 1,
        outcome: 'refused',
        status: 400,
        reason: 'HTTP 400',
        at: baseTime + 10 * hour,
        next_at: 0,
        step_id: '',
        message_group: '',
      },
    ])
    assert.deepEqual(await firing('watchkeeper-deliveries', 10 * hour + minute), [{ receiver: 'pager', attempts: '1' }])
  })

  it('watchkeeper-disk reads how full the disks are', async () => {
    const { sql } = pipelineRules.find(({ uid }) => uid === 'watchkeeper-disk') as AlertRule
    const rows = await store.query<{ disk: string; used: number }>(sql)
    assert.ok(rows.length > 0)
    for (const { used } of rows) assert.ok(used > 0 && used <= 100)
  })

  it('are all tried here, have ids for ever, lead to a panel, and name a contact point that there is', () => {
    assert.deepEqual(rules.map(({ uid }) => uid).sort(), [...Object.keys(moments), 'watchkeeper-disk'].sort())
    const { contactPoints: points } = parse(contactPoints())
    for (const { notification_settings, panelId } of rules) {
      assert.equal(notification_settings.receiver, points[0].name)
      assert.ok((pipelineHealth.panels ?? []).some(({ id }) => id === panelId))
    }
    assert.match(points[0].receivers[0].settings.url, /^\$WATCHKEEPER_/)
  })
})
