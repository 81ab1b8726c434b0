import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inventory } from '../../dashboards/inventory.js'
import { clock, hex, only, screen, theDay } from '../support/screen.js'

describe('Servers and tools', () => {
  const opened = theDay(inventory)

  it('counts servers, tools, new ones and changed definitions', async () => {
    assert.deepEqual(await opened.all.rows('Servers in use'), [{ servers: '2' }])
    assert.deepEqual(await opened.all.rows('Tools in use'), [{ tools: '3' }])
    // get_contact at two tenants and delete_contact at one; send_email was used two days before.
    assert.deepEqual(await opened.all.rows('New tools'), [{ tools: '3' }])
    assert.deepEqual(await opened.all.rows('Changed definitions'), [{ tools: '1' }])
  })

  it('names the tool that has two definitions of one version', async () => {
    assert.deepEqual(
      only(
        await opened.all.rows('Definition drift'),
        'server',
        'tool',
        'version',
        'definitions',
        'descriptions',
        'since',
        'last',
      ),
      [['mail', 'send_email', '2.1.0', '2', '2', clock(20), clock(21)]],
    )
    assert.deepEqual(only(await opened.all.rows('Definitions as they were told'), 'tool', 'definition'), [
      ['send_email', 'two'],
      ['send_email', 'one'],
    ])
  })

  it('lists servers and tools with their use', async () => {
    assert.deepEqual(
      only(
        await opened.all.rows('Servers'),
        'server',
        'versions',
        'transports',
        'tools',
        'people',
        'records',
        'server_key',
      ),
      [
        ['crm', '2.1.0', 'http', '2', '3', '13', hex('crm')],
        ['mail', '2.1.0', 'http', '1', '1', '4', hex('mail')],
      ],
    )
    const rows = await opened.all.rows('Tools, the newest first')
    assert.deepEqual(only(rows.slice(-1), 'tool', 'first_used', 'last_used'), [
      ['send_email', '2026-10-31 10:00:00', '2026-11-02 10:00:00'],
    ])
  })

  it('shows one server where one is chosen', async () => {
    const crm = screen(opened.store, inventory, { server: ['crm'], tenant: ['acme'] })
    assert.deepEqual(await crm.rows('Changed definitions'), [{ tools: '0' }])
    assert.deepEqual(await crm.rows('New tools'), [{ tools: '2' }])
  })

  it('was asked for every panel', () => {
    assert.deepEqual([...opened.all.unseen], [])
  })
})
