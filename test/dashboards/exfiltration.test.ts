import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exfiltration } from '../../dashboards/exfiltration.js'
import { clock, hex, only, screen, theDay } from '../support/screen.js'

describe('Exfiltration watch', () => {
  const opened = theDay(exfiltration)

  it('counts what is new and what left', async () => {
    assert.deepEqual(await opened.all.rows('New destinations'), [{ destinations: '1' }])
    assert.deepEqual(await opened.all.rows('Sent to named destinations'), [{ sent: '5020' }])
    assert.deepEqual(await opened.all.rows('Secrets in arguments'), [{ calls: '1' }])
    assert.deepEqual(await opened.all.rows('Findings of leaks'), [{ findings: '2' }])
  })

  it('shows volumes by destination and by person', async () => {
    assert.deepEqual(await opened.all.rows('Bytes by destination'), [
      { time: '2026-11-02 10:00:00', destination: 'evil.example', sent: '5000' },
      { time: '2026-11-02 10:00:00', destination: 'known.example', sent: '20' },
    ])
    assert.deepEqual(await opened.all.rows('Bytes by person'), [{ person: 'alice', sent: '5020' }])
  })

  it('tells a destination that is new from one that was named two days before', async () => {
    assert.deepEqual(
      only(
        await opened.all.rows('Destinations that are new'),
        'destination',
        'calls',
        'sent',
        'subject',
        'tool',
        'server_key',
      ),
      [['evil.example', '1', '5000', 'alice', 'send_email', hex('mail')]],
    )
    assert.deepEqual(only(await opened.all.rows('All destinations'), 'destination', 'calls', 'people', 'servers'), [
      ['evil.example', '1', '1', 'mail'],
      ['known.example', '1', '1', 'mail'],
    ])
  })

  it('lists calls that carried secrets, and what detectors of leaks found', async () => {
    assert.deepEqual(
      only(
        await opened.all.rows('Calls that carried secrets'),
        'time',
        'secrets',
        'named_destinations',
        'sent',
        'session',
      ),
      [[clock(4), 'api_key', 'evil.example', '5000', 'c:conv-1']],
    )
    assert.deepEqual(only(await opened.all.rows('What detectors of leaks found'), 'detector', 'severity'), [
      ['new-destination', 'medium'],
      ['new-destination', 'medium'],
    ])
  })

  it('shows a person who sent nothing that nothing was sent', async () => {
    const bob = screen(opened.store, exfiltration, { subject: ['bob'] })
    assert.deepEqual(await bob.rows('New destinations'), [{ destinations: '0' }])
    assert.deepEqual(await bob.rows('Bytes by destination'), [])
  })

  it('was asked for every panel', () => {
    assert.deepEqual([...opened.all.unseen], [])
  })
})
