import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { scopes } from '../../dashboards/scopes.js'
import { clock, hex, only, screen, theDay } from '../support/screen.js'

describe('Scopes and elevations', () => {
  const opened = theDay(scopes)

  it('counts elevations, challenges, scopes never seen before, and tokens made for others', async () => {
    assert.deepEqual(await opened.all.rows('Elevations'), [{ elevations: '1' }])
    assert.deepEqual(await opened.all.rows('Challenges'), [{ challenges: '1' }])
    assert.deepEqual(await opened.all.rows('First seen scopes'), [{ fresh: '2' }])
    assert.deepEqual(await opened.all.rows('Wrong audience'), [{ wrong: '1' }])
  })

  it('shows how it was decided, and challenges beside elevations', async () => {
    assert.deepEqual(await opened.all.rows('Decisions'), [
      { time: '2026-11-02 10:00:00', decided: 'insufficient_scope', records: '1' },
    ])
    assert.deepEqual(only(await opened.all.rows('Challenges and elevations'), 'what', 'records'), [
      ['challenges', '1'],
      ['elevations', '1'],
    ])
  })

  it('says what an elevation gained, and who has which scope since when', async () => {
    assert.deepEqual(
      only(await opened.all.rows('Elevations, the latest'), 'time', 'subject', 'gained', 'because_of', 'session_key'),
      [[clock(11), 'alice', 'contacts:write', 'nothing told', hex('c:conv-1')]],
    )
    assert.deepEqual(
      only(
        await opened.all.rows('Ledger of scopes'),
        'subject',
        'scope',
        'held',
        'requested',
        'challenged',
        'granted',
        'since',
      ),
      [
        ['alice', 'contacts:read', '2', '0', '0', '1', clock(10)],
        ['alice', 'contacts:write', '0', '1', '1', '1', clock(10)],
      ],
    )
  })

  it('says who is refused what', async () => {
    assert.deepEqual(only(await opened.all.rows('Who is refused'), 'subject', 'challenges', 'denied', 'after'), [
      ['alice', '1', '0', 'contacts:write'],
      ['bob', '0', '1', ''],
    ])
    const bob = screen(opened.store, scopes, { subject: ['bob'] })
    assert.deepEqual(only(await bob.rows('Who is refused'), 'subject'), [['bob']])
    assert.deepEqual(await bob.rows('Ledger of scopes'), [])
  })

  it('was asked for every panel', () => {
    assert.deepEqual([...opened.all.unseen], [])
  })
})
