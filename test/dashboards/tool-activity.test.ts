import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toolActivity } from '../../dashboards/tool-activity.js'
import { hex, only, screen, theDay } from '../support/screen.js'

describe('Tool activity', () => {
  const opened = theDay(toolActivity)

  it('counts calls of the range, failures, denials and people', async () => {
    assert.deepEqual(await opened.all.rows('Calls'), [{ calls: '9' }])
    assert.deepEqual(await opened.all.rows('Failed'), [{ failed: 1 / 9 }])
    assert.deepEqual(await opened.all.rows('Denied'), [{ denied: '1' }])
    assert.deepEqual(await opened.all.rows('People'), [{ people: '3' }])
  })

  it('shows calls by outcome and how slow each server was', async () => {
    assert.deepEqual(await opened.all.rows('Calls by outcome'), [
      { time: '2026-11-02 10:00:00', outcome_name: 'denied', calls: '1' },
      { time: '2026-11-02 10:00:00', outcome_name: 'ok', calls: '7' },
      { time: '2026-11-02 10:00:00', outcome_name: 'tool_error', calls: '1' },
    ])
    assert.deepEqual(await opened.all.rows('Slowest tenth of calls, by server'), [
      { time: '2026-11-02 10:00:00', server: 'crm', p95: 100 },
      { time: '2026-11-02 10:00:00', server: 'mail', p95: 100 },
    ])
  })

  it('lists tools with their use', async () => {
    assert.deepEqual(
      only(await opened.all.rows('Tools'), 'server', 'tool', 'calls', 'people', 'denied', 'p95', 'sent', 'returned'),
      [
        ['crm', 'get_contact', '6', '3', '0', 100, '0', '1100'],
        ['mail', 'send_email', '2', '1', '0', 100, '5020', '0'],
        ['crm', 'delete_contact', '1', '1', '1', 100, '0', '0'],
      ],
    )
  })

  it('lists who used what, with links that carry names as hex', async () => {
    assert.deepEqual(
      only(await opened.all.rows('Who used what'), 'subject', 'server', 'calls', 'subject_key', 'server_key'),
      [
        ['alice', 'crm', '3', hex('alice'), hex('crm')],
        ['bob', 'crm', '3', hex('bob'), hex('crm')],
        ['alice', 'mail', '2', hex('alice'), hex('mail')],
        ['carol', 'crm', '1', hex('carol'), hex('crm')],
      ],
    )
    assert.deepEqual(await opened.all.rows('Calls by client'), [{ client: 'desk', calls: '9' }])
  })

  it('lists what did not end well, the latest first', async () => {
    assert.deepEqual(
      only(await opened.all.rows('Refused or failed, the latest'), 'subject', 'tool', 'outcome', 'session'),
      [
        ['bob', 'delete_contact', 'denied', 'c:conv-2'],
        ['bob', 'get_contact', 'tool_error', 'c:conv-2'],
      ],
    )
  })

  it('shows one server or one person where one is chosen', async () => {
    const mail = screen(opened.store, toolActivity, { server: ['mail'] })
    assert.deepEqual(await mail.rows('Calls'), [{ calls: '2' }])
    assert.deepEqual(only(await mail.rows('Slowest tenth of calls, by server'), 'server'), [['mail']])
    const two = screen(opened.store, toolActivity, { subject: ['bob', 'carol'], tenant: ['acme'] })
    assert.deepEqual(await two.rows('Calls'), [{ calls: '3' }])
  })

  it('takes a name for a name, whatever SQL it would be', async () => {
    for (const name of ["x') OR 1=1 --", "\\') OR 1=1 --", '$tenant', '$__toTime']) {
      const named = screen(opened.store, toolActivity, { subject: [name] })
      assert.deepEqual(await named.rows('Calls'), [{ calls: '0' }], name)
    }
  })

  it('was asked for every panel', () => {
    assert.deepEqual([...opened.all.unseen], [])
  })
})
