import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { socOverview } from '../../dashboards/soc-overview.js'
import { incidentId } from '../support/dashboard-story.js'
import { clock, hex, only, screen, theDay } from '../support/screen.js'

describe('SOC overview', () => {
  const opened = theDay(socOverview)

  it('counts incidents by severity, without those of trial detectors', async () => {
    assert.deepEqual(await opened.all.rows('Critical incidents'), [{ incidents: '0' }])
    assert.deepEqual(await opened.all.rows('High incidents'), [{ incidents: '1' }])
    assert.deepEqual(await opened.all.rows('Medium incidents'), [{ incidents: '0' }])
  })

  it('counts what did not reach its receiver: a refusal, and not a second attempt that arrived', async () => {
    assert.deepEqual(await opened.all.rows('Not delivered'), [{ incidents: '1' }])
  })

  it('lists what needs eyes, worst first, with what a link to its evidence needs', async () => {
    const rows = await opened.all.rows('What needs eyes now')
    assert.deepEqual(only(rows, 'severity', 'title', 'findings', 'changed'), [
      ['high', 'Turned by a ticket', '3', clock(40)],
      ['low', 'Probing', '1', clock(40)],
    ])
    assert.deepEqual(only(rows.slice(0, 1), 'incident', 'session_key'), [[incidentId, hex('c:conv-1')]])
  })

  it('shows findings that may alert by severity and time: none on trial, none excluded', async () => {
    assert.deepEqual(await opened.all.rows('Findings by severity'), [
      { time: '2026-11-02 10:00:00', severity: 'high', findings: '1' },
      { time: '2026-11-02 10:00:00', severity: 'low', findings: '1' },
      { time: '2026-11-02 10:00:00', severity: 'medium', findings: '2' },
    ])
  })

  it('adds up risk over detectors, each with its worst finding', async () => {
    assert.deepEqual(
      only(await opened.all.rows('Entity risk'), 'kind', 'entity', 'risk', 'detectors', 'findings', 'found_by'),
      [
        ['subject', 'alice', '50', '2', '3', 'injected-action, new-destination'],
        ['server', 'mail', '50', '2', '3', 'injected-action, new-destination'],
        ['subject', 'bob', '3', '1', '1', 'tool-probing'],
        ['server', 'crm', '3', '1', '1', 'tool-probing'],
      ],
    )
  })

  it('narrows from records to what was delivered', async () => {
    assert.deepEqual(await opened.all.rows('Alert funnel'), [
      { step: 'records', number: '17' },
      { step: 'findings', number: '6' },
      { step: 'that may alert', number: '4' },
      { step: 'incidents', number: '2' },
      { step: 'delivered', number: '1' },
    ])
  })

  it('shows another tenant nothing of it, and one subject only theirs', async () => {
    const globex = screen(opened.store, socOverview, { tenant: ['globex'] })
    assert.deepEqual(await globex.rows('What needs eyes now'), [])
    assert.deepEqual(await globex.rows('High incidents'), [{ incidents: '0' }])
    assert.deepEqual(await globex.rows('Not delivered'), [{ incidents: '0' }])
    const bob = screen(opened.store, socOverview, { subject: ['bob'] })
    assert.deepEqual(only(await bob.rows('Findings by severity'), 'severity', 'findings'), [['low', '1']])
  })

  it('was asked for every panel', () => {
    assert.deepEqual([...opened.all.unseen], [])
  })
})
