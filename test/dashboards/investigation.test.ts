import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { investigation } from '../../dashboards/investigation.js'
import { firstContact, incidentId, mailToStranger } from '../support/dashboard-story.js'
import { clock, hex, only, screen, theDay } from '../support/screen.js'

const chosen = { incident: incidentId, session: hex('c:conv-1') }

describe('Investigation', () => {
  const opened = theDay(investigation, chosen)

  it('shows the incident that was chosen', async () => {
    assert.deepEqual(only(await opened.all.rows('Incident'), 'severity', 'title', 'session', 'version'), [
      ['high', 'Turned by a ticket', 'c:conv-1', 1],
    ])
  })

  it('shows its findings, worst first, with the numbers behind them', async () => {
    assert.deepEqual(only(await opened.all.rows('Findings of the incident'), 'severity', 'detector', 'why'), [
      ['high', 'injected-action', 'score 0.93'],
      ['medium', 'new-destination', 'score 0.93'],
      ['medium', 'new-destination', 'score 0.93'],
    ])
  })

  it('tells the evidence in the order of time', async () => {
    const rows = await opened.all.rows('Evidence in order')
    assert.equal(rows.length, 6)
    assert.equal(rows.at(-1)?.['part'], 'action')
    assert.equal(rows.at(-1)?.['time'], clock(5))
    assert.deepEqual(
      rows.map(({ time }) => time),
      rows.map(({ time }) => time).sort(),
    )
  })

  it('shows where a value first appeared and where it went', async () => {
    assert.deepEqual(await opened.all.rows('Value flow'), [
      {
        kind: 'email',
        first_seen_in: 'crm.get_contact',
        first_seen: clock(1),
        used_in_call: 'mail.send_email',
        used: clock(4),
        value: 'abc',
      },
    ])
  })

  it('lists everything in the session in order, with what left in it', async () => {
    const rows = await opened.all.rows('Everything in the session')
    assert.equal(rows.length, 13)
    assert.equal(rows[0]?.['record'], firstContact.recordId)
    assert.deepEqual(
      only(
        rows.filter(({ record }) => record === mailToStranger.recordId),
        'server',
        'what',
        'destinations',
        'secrets_sent',
        'arg_bytes',
        'duration',
      ),
      [['mail', 'send_email', 'evil.example', 'api_key', '5000', '100']],
    )
  })

  it('shows the pace of the session by server', async () => {
    assert.deepEqual(
      only(
        (await opened.all.rows('Pace of the session')).filter(({ time }) => time === '2026-11-02 10:00:00'),
        'server',
        'records',
      ),
      [
        ['crm', '6'],
        ['mail', '4'],
      ],
    )
  })

  it('shows findings of the session beyond the incident, also on trial', async () => {
    const rows = await opened.all.rows('Findings in the session')
    assert.deepEqual(
      only(
        rows.filter(({ detector }) => detector === 'injected-action' || detector === 'off-task-action'),
        'detector',
        'maturity',
      ),
      [['injected-action', 'stable']],
    )
  })

  it('says which keys are the session', async () => {
    assert.deepEqual(only(await opened.all.rows('Keys of the session'), 'key', 'because'), [
      ['t:0af7651916cd43dd8448eb211c80319c', 'a client said so'],
    ])
  })

  it('finds what else the same people did, and what could not be judged', async () => {
    assert.deepEqual(await opened.all.rows('Could not be judged'), [])
    assert.deepEqual(await opened.all.rows('Other sessions of the same people'), [])
    const bob = screen(opened.store, investigation, {}, { ...chosen, session: hex('c:conv-2') })
    assert.deepEqual(only(await bob.rows('Could not be judged'), 'detector', 'input', 'because'), [
      ['off-task-action', 'user_message', 'nobody told of it'],
    ])
    assert.deepEqual(only(await bob.rows('Other sessions of the same people'), 'other_session', 'of', 'records'), [
      ['c:conv-4', 'bob', '1'],
    ])
  })

  it('shows nothing of another tenant, and nothing where nothing is chosen', async () => {
    for (const view of [
      screen(opened.store, investigation, { tenant: ['globex'] }, chosen),
      screen(opened.store, investigation, {}, { incident: '', session: '' }),
    ])
      for (const title of [...view.unseen]) assert.deepEqual(await view.rows(title), [], title)
  })

  it('was asked for every panel', () => {
    assert.deepEqual([...opened.all.unseen], [])
  })
})
