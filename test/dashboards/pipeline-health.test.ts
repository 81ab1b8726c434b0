import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pipelineHealth } from '../../dashboards/pipeline-health.js'
import { baseTime, events, hour } from '../support/dashboard-story.js'
import { clock, only, screen, theDay } from '../support/screen.js'

/** Of the lags of all events, the one at 95 of 100; seconds. */
const at95 = (lags: readonly number[]): number =>
  ([...lags].sort((a, b) => a - b)[Math.floor(lags.length * 0.95)] ?? Number.NaN) / 1_000_000

describe('Pipeline health', () => {
  const opened = theDay(pipelineHealth)

  it('counts what was stored, lost, not understood, and who fell silent', async () => {
    assert.deepEqual(await opened.all.rows('Stored'), [{ records: String(events.length - 1) }])
    // 5 dropped; of what failed 2, and 1 after the process was started anew.
    assert.deepEqual(await opened.all.rows('Lost or refused'), [{ records: '8' }])
    assert.deepEqual(await opened.all.rows('Dead letters'), [{ letters: '1' }])
    assert.deepEqual(await opened.all.rows('Dark sensors'), [{ producers: '3' }])
  })

  it('adds up counters over a new start of their process', async () => {
    assert.deepEqual(await opened.all.rows('Received and passed on, by stage'), [
      { time: '2026-11-02 10:00:00', flow: 'store received', records: '90' },
      { time: '2026-11-02 10:00:00', flow: 'store sent', records: '80' },
    ])
    assert.deepEqual(only(await opened.all.rows('Lost or refused, by reason'), 'why', 'records'), [
      ['receive full', '5'],
      ['receive malformed_record', '3'],
    ])
  })

  it('tells the lag of senders from ours', async () => {
    const storedAt = baseTime + 4 * hour
    assert.deepEqual(only(await opened.all.rows('Lag'), 'way', 'p95'), [
      ['until received', at95(events.map(({ endedAt, receivedAt }) => receivedAt - endedAt))],
      ['until stored', at95(events.map(({ receivedAt }) => storedAt - receivedAt))],
    ])
    assert.deepEqual(only(await opened.all.rows('Stored, by side'), 'told_by', 'records'), [
      ['client', String(events.length - 1)],
    ])
  })

  it('names producers that fell silent, and not those that said goodbye or still tell', async () => {
    assert.deepEqual(only(await opened.all.rows('Silent producers'), 'tenant', 'producer', 'last', 'silent_for'), [
      ['acme', 'silent', clock(120 + 1 / 60), '7199'],
      ['acme', 'producer-1', clock(21 + 1 / 60), '13139'],
      ['globex', 'producer-1', clock(8 + 1 / 60), '13919'],
    ])
  })

  it('says why records were not understood, what contradicts, who was told, who sends', async () => {
    assert.deepEqual(only(await opened.all.rows('Dead letters by reason'), 'stage', 'reason', 'letters', 'latest'), [
      ['receive', 'unknown_event', '1', 'event.name watchkeeper.dance is not known'],
    ])
    assert.deepEqual(only(await opened.all.rows('Told twice, and differently'), 'event', 'tenant'), [
      ['told-twice', 'acme'],
    ])
    assert.deepEqual(only(await opened.all.rows('Receivers of alerts'), 'outcome', 'reason', 'attempts'), [
      ['delivered', '', '1'],
      ['refused', 'HTTP 400', '1'],
      ['retry', 'HTTP 503', '1'],
    ])
    assert.deepEqual(only(await opened.all.rows('Who sends'), 'form', 'role', 'producers'), [['event', 'agent', '4']])
  })

  it('shows another tenant nothing of what is not its own', async () => {
    const globex = screen(opened.store, pipelineHealth, { tenant: ['globex'] })
    for (const title of ['Dead letters by reason', 'Told twice, and differently', 'Receivers of alerts'])
      assert.deepEqual(await globex.rows(title), [], title)
    assert.deepEqual(await globex.rows('Stored'), [{ records: '1' }])
  })

  it('was asked for every panel', () => {
    assert.deepEqual([...opened.all.unseen], [])
  })
})
