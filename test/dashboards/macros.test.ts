import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { expand } from '../support/grafana.js'
import { fromRoot } from '../support/root.js'

interface Recorded {
  readonly fromMs: number
  readonly toMs: number
  readonly intervalMs: number
  readonly recorded: readonly { readonly sql: string; readonly expanded?: string; readonly error?: string }[]
}

const { recorded, ...range } = JSON.parse(
  readFileSync(fromRoot('test/dashboards/fixtures/macro-expansions.json'), 'utf8'),
) as Recorded
const view = { ...range, variables: {} }

describe('macros of the data source', () => {
  for (const { sql, expanded, error } of recorded)
    it(`become what was recorded: ${sql}`, () => {
      if (error !== undefined) assert.throws(() => expand(sql, view), { message: error })
      else assert.equal(expand(sql, view), expanded)
    })

  it('lose a condition whose variable is at All, and quote what a variable holds', () => {
    const sql = 'SELECT 1 WHERE $__conditionalAll(a IN (f([$tenant])), $tenant) AND b'
    assert.equal(expand(sql, view), 'SELECT 1 WHERE 1=1 AND b')
    assert.equal(
      expand(sql, { ...view, variables: { tenant: ['61', '62'] } }),
      "SELECT 1 WHERE a IN (f(['61','62'])) AND b",
    )
  })
})
