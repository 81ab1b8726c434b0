/** The console as it is served, its own routes, headers, cookies and store, in a real browser. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Looked, noBrowser, startBrowser, type WatchedOptions, watchedPage } from '../support/browser.js'
import { keepIncidents, testConsole } from '../support/console.js'
import { auditEvent } from '../support/events.js'
import { evidence, finding } from '../support/findings.js'
import { faultsOf, hostile } from '../support/hostile.js'

const accounts = { Ann: { role: 'analyst', tenant: 'acme' } } as const

/** One text with several tries in it; the first of them stand where a name is cut. */
const everything = [
  hostile['a handler after a double quote'],
  hostile['a script'],
  hostile['bidirectional controls'],
  hostile['the end of what stands around it'],
  hostile['controls of a terminal'],
  'a'.repeat(400),
].join('')

async function world(t: TestContext, say: (plain: string) => string) {
  const desk = await testConsole(t, { accounts })
  desk.clock.now = Date.now() * 1_000
  const session = say('c:conversation-1')
  await desk.store.insertEvents([
    auditEvent({
      tenant: 'acme',
      sessionKey: session,
      serverName: say('crm'),
      serverAddress: say('crm.example'),
      tool: say('export_contacts'),
      method: say('tools/call'),
      subject: say('dana'),
      oauthClientId: say('desk'),
      errorType: say('403'),
      scopes: [say('crm:read')],
      scopesGranted: [say('crm:admin')],
      scopesChallenged: [say('crm:write')],
      destinations: [say('ledger-backup.example')],
      verbs: [say('export')],
    }),
  ])
  await desk.store.refreshRollups()
  const [incident] = await keepIncidents(
    desk.store,
    [
      finding({
        anchor: 'a',
        title: say('A call does what a tool result ordered'),
        summary: say('mail.send_mail does what a ticket ordered.'),
        session,
        subject: say('dana'),
        server: say('crm'),
        tool: say('export_contacts'),
        steps: [evidence('a', desk.clock.now, 'action', say('export_contacts (crm) was called'))],
        matched: [{ kind: say('email'), hash: '6e7a602600000000', firstIn: 'a', usedIn: 'b' }],
      }),
    ],
    desk.clock.now,
  )
  assert.ok(incident)
  const origin = await desk.app.listen({ host: '127.0.0.1', port: 0 })
  const browser = await startBrowser()
  t.after(() => browser.close())
  const look = async (given: Partial<WatchedOptions>): Promise<Looked> => {
    const looked = await watchedPage(t, browser, { origin, screen: 'phone', scheme: 'dark', ...given })
    await looked.page.goto(`${origin}/incidents/${incident.id}`)
    await looked.page.getByLabel('API key').fill(desk.keys['Ann'] ?? '')
    await looked.page.getByRole('button', { name: 'Log in' }).click()
    await looked.page.waitForURL(`${origin}/incidents/${incident.id}`)
    return looked
  }
  return { ...desk, origin, incident, session, look }
}

test('hostile text out of the store stays text on every page', { skip: noBrowser }, async (t) => {
  const { origin, incident, session, look } = await world(t, () => everything)
  const looked = await look({})
  const told = [
    '/incidents',
    `/incidents/${incident.id}`,
    `/sessions/acme/${encodeURIComponent(session)}`,
    '/inventory',
    '/scopes',
  ]
  const search = `/incidents?text=${encodeURIComponent(everything.slice(0, 100))}`
  const urls = [...told, search, '/detectors', '/silences', '/nothing-here']
  await looked.page.getByLabel('Comment').fill(everything)
  await looked.page.getByRole('button', { name: 'Comment' }).click()
  await looked.page.getByText('The comment was added.').waitFor()
  const faults: string[] = []
  for (const url of urls) {
    const found = await faultsOf(looked, `${origin}${url}`)
    // A page that is not there is told so by its status, too.
    faults.push(
      ...found
        .filter((fault) => !(url === '/nothing-here' && fault.includes('status of 404')))
        .map((one) => `${url}: ${one}`),
    )
    if (told.includes(url))
      assert.match(String(await looked.page.locator('main').textContent()), /onerror=pwned/, `${url} shows it`)
  }
  assert.deepEqual(faults, [])
})

test('triage and silences work without script', { skip: noBrowser }, async (t) => {
  const { origin, look } = await world(t, (plain) => plain)
  const { page } = await look({ script: false })
  const done = (text: string): Promise<void> => page.getByRole('status').filter({ hasText: text }).waitFor()
  await page.getByRole('button', { name: 'Acknowledge' }).click()
  await done('Acknowledged.')
  await page.getByText('Silence what is like it').click()
  await page.getByLabel('Reason').first().fill('the move of the archive')
  await page.getByRole('button', { name: 'Silence' }).click()
  await done('Silenced.')
  await page.getByRole('link', { name: /silenced until/ }).click()
  await page.waitForURL(`${origin}/silences`)
  await page.getByText('the move of the archive').waitFor()
  await page.getByRole('button', { name: 'End now' }).click()
  await done('The silence is over.')
  await page.goto(`${origin}/incidents?status=acknowledged`)
  assert.equal(await page.locator('tbody tr').count(), 1)
})

test('with the keyboard alone the first stop leads past the navigation', { skip: noBrowser }, async (t) => {
  const { look } = await world(t, (plain) => plain)
  const { page } = await look({ screen: 'laptop' })
  await page.keyboard.press('Tab')
  const focused = (): Promise<string> => page.evaluate('document.activeElement.textContent.trim().slice(0, 20)')
  assert.equal(await focused(), 'Skip to content')
  await page.keyboard.press('Enter')
  assert.equal(await page.evaluate('document.activeElement.id'), 'content')
  await page.keyboard.press('Tab')
  assert.equal(await focused(), 'Incidents')
})
