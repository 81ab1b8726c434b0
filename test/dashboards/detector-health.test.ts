import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { detectorHealth } from '../../dashboards/detector-health.js'
import { clock, only, screen, theDay } from '../support/screen.js'

describe('Detector health', () => {
  const opened = theDay(detectorHealth)

  it('counts who ran, what failed, what was not judged, how far behind', async () => {
    assert.deepEqual(await opened.all.rows('Detectors that ran'), [{ detectors: '2' }])
    assert.deepEqual(await opened.all.rows('Failed verdicts'), [{ failed: 0.25 }])
    assert.deepEqual(await opened.all.rows('Sessions not judged in full'), [{ sessions: '1' }])
    assert.deepEqual(await opened.all.rows('Furthest behind'), [{ behind: '3600' }])
  })

  it('shows verdicts and findings over time', async () => {
    assert.deepEqual(only(await opened.all.rows('Verdicts by outcome'), 'ended', 'verdicts'), [
      ['ok', '3'],
      ['timeout', '1'],
    ])
    assert.deepEqual(only(await opened.all.rows('Findings by detector'), 'found_by', 'findings'), [
      ['injected-action', '1'],
      ['new-destination', '2'],
      ['off-task-action', '1'],
      ['tool-probing', '2'],
    ])
  })

  it('lists detectors with time, failures and what became of their findings, also one that did not run', async () => {
    assert.deepEqual(
      only(
        await opened.all.rows('Detectors'),
        'detector',
        'verdicts',
        'failed',
        'mean',
        'in_all',
        'may_alert',
        'on_trial',
        'excluded_by_policy',
      ),
      [
        ['slow-drip', '2', '1', 2510, 5020, '0', '0', '0'],
        ['injected-action', '2', '0', 20, 40, '1', '0', '0'],
        ['new-destination', '0', '0', 0, 0, '2', '0', '0'],
        ['off-task-action', '0', '0', 0, 0, '0', '1', '0'],
        ['tool-probing', '0', '0', 0, 0, '1', '0', '1'],
      ],
    )
  })

  it('says what failed and why, and for want of what a session was not judged', async () => {
    assert.deepEqual(only(await opened.all.rows('Failures'), 'detector', 'outcome', 'reason', 'last'), [
      ['slow-drip', 'timeout', 'no answer in 5 s', clock(5)],
    ])
    assert.deepEqual(only(await opened.all.rows('For want of what'), 'detector', 'input', 'sessions'), [
      ['off-task-action', 'user_message', '1'],
    ])
    assert.deepEqual(await opened.all.rows('Sessions that lacked an input'), [
      { detector_name: 'off-task-action', sessions: '1' },
    ])
  })

  it('shows how far readers have come, and the latest findings with their exclusion', async () => {
    assert.deepEqual(await opened.all.rows('How far readers have come'), [
      { name: 'detect/query/slow-drip', position: clock(180), said_at: clock(240), behind: '3600' },
    ])
    const latest = await opened.all.rows('Latest findings')
    assert.equal(latest.length, 6)
    assert.deepEqual(only(latest.slice(-1), 'detector', 'excluded_by'), [['tool-probing', 'load-test']])
  })

  it('shows one detector where one is chosen, and another tenant none of the findings', async () => {
    const one = screen(opened.store, detectorHealth, { detector: ['slow-drip'] })
    assert.deepEqual(await one.rows('Failed verdicts'), [{ failed: 0.5 }])
    assert.deepEqual(await one.rows('Latest findings'), [])
    const globex = screen(opened.store, detectorHealth, { tenant: ['globex'] })
    assert.deepEqual(await globex.rows('Latest findings'), [])
    assert.deepEqual(await globex.rows('For want of what'), [])
  })

  it('was asked for every panel', () => {
    assert.deepEqual([...opened.all.unseen], [])
  })
})
