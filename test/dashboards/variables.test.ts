import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dashboards } from '../../dashboards/index.js'
import { incidentId, shown, storeOfTheDay } from '../support/dashboard-story.js'
import { expand } from '../support/grafana.js'
import { hex } from '../support/screen.js'

const view = { ...shown, intervalMs: 60_000, variables: {} }
const withNames = (...names: readonly string[]): readonly (readonly string[])[] =>
  names.map((name) => [hex(name), name])

/** What each variable offers: value and text. */
const offered: Readonly<Record<string, readonly (readonly string[])[]>> = {
  tenant: withNames('acme', 'globex'),
  server: withNames('crm', 'mail'),
  subject: withNames('alice', 'bob', 'carol'),
  detector: withNames('injected-action', 'new-destination', 'off-task-action', 'slow-drip', 'tool-probing'),
}

interface Model {
  readonly name: string
  readonly query: { readonly rawSql: string }
}

describe('variables and annotations', () => {
  it('offer names as text, and hex as value, on every dashboard', async (t) => {
    const store = await storeOfTheDay(t)
    for (const { title = '', templating } of dashboards)
      for (const { name, query } of (templating?.list ?? []) as unknown as readonly Model[]) {
        const rows = await store.query<Record<string, string>>(expand(query.rawSql, view))
        const choices = rows.map((row) => Object.values(row))
        if (name === 'incident')
          assert.ok(choices.some(([id, text]) => id === incidentId && text?.endsWith('a ticket')))
        else if (name === 'session') {
          assert.equal(choices[0]?.[1], 'c:conv-1')
          for (const [value, text = ''] of choices) assert.equal(value, hex(text))
        } else assert.deepEqual(choices, offered[name], `${title}: ${name}`)
      }
  })

  it('mark the incidents that may alert on the axis of time', async (t) => {
    const store = await storeOfTheDay(t)
    for (const { annotations } of dashboards) {
      const [marks] = (annotations?.list ?? []) as unknown as readonly {
        readonly target: { readonly rawSql: string }
      }[]
      const rows = await store.query<Record<string, string>>(expand(marks?.target.rawSql ?? '', view))
      assert.deepEqual(rows.map(({ title, tags }) => [title, tags]).sort(), [
        ['Probing', 'low'],
        ['Turned by a ticket', 'high'],
      ])
    }
  })
})
