/**
 * What the person on call does, in a real browser against the real service: from the link of an alert over the log-in to acknowledge,
 * verdict and resolve; and the same evidence seen by somebody who may only look.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { noBrowser, startBrowser, watchedPage } from '../support/browser.js'
import { playedDemo } from '../support/demo.js'
import { httpReceiver } from '../support/http-receiver.js'
import { freshSettings } from '../support/recorded-run.js'
import { watchkeeper } from '../support/service.js'

/** Text as it is seen. */
const shown = (page: Page, what = 'main'): Promise<string> =>
  // biome-ignore lint/performance/useDomNodeTextContent: what is hidden does not count
  page.locator(what).innerText()

/** To the page that a link or a form leads to, with its style. */
async function follow(page: Page, link: Locator): Promise<void> {
  const loaded = page.waitForEvent('load')
  await link.click()
  await loaded
}

async function logIn(page: Page, key: string): Promise<void> {
  await page.getByLabel('API key').fill(key)
  await follow(page, page.getByRole('button', { name: 'Log in' }))
}

test('from the link of an alert to the verdict', { skip: noBrowser, timeout: 180_000 }, async (t) => {
  const receiver = await httpReceiver(t)
  const fresh = await freshSettings(t)
  const origin = `http://127.0.0.1:${fresh['WATCHKEEPER_CONSOLE_PORT']}`
  const settings = {
    ...fresh,
    WATCHKEEPER_CONSOLE_URL: origin,
    WATCHKEEPER_WEBHOOK_URL: receiver.url,
  }
  const keyOf = async (name: string, role: string): Promise<string> => {
    const { code, stdout, stderr } = await watchkeeper(
      ['accounts', 'create', '--name', name, '--role', role, '--tenant', 'default'],
      settings,
    )
    assert.equal(code, 0, stderr)
    return stdout.trim()
  }
  const [mia, vera] = [await keyOf('Mia Chen', 'analyst'), await keyOf('Vera', 'viewer')]
  const demo = await playedDemo(settings)
  t.after(() => demo.stop())

  const links = receiver.received.flatMap(
    ({ body }) => body.match(new RegExp(`${origin}/incidents/[0-9a-f-]{36}`)) ?? [],
  )
  const link = links.find((one) => one.endsWith(demo.incident))
  assert.ok(link, `the alert links to the incident: ${links}`)

  const browser = await startBrowser()
  t.after(() => browser.close())
  const { page, misdeeds } = await watchedPage(t, browser, { origin, screen: 'laptop', scheme: 'dark' })
  await page.goto(link)
  assert.match(page.url(), /\/log-in\?next=/)
  await logIn(page, 'wk_no_such_key')
  assert.match(await shown(page), /key/i)
  assert.match(page.url(), /\/log-in/)
  await logIn(page, mia)
  assert.equal(page.url(), link, 'the log-in leads on to what was asked for')

  const evidence = await shown(page)
  assert.match(evidence, /CRITICAL/)
  assert.match(evidence, /dana/)
  assert.match(evidence, /sentence \d+ of the result of read_ticket \(tickets\)/)
  assert.match(evidence, /held crm:read; gained crm:admin/)
  assert.match(evidence, /send_mail \(mail\)/)
  assert.match(String(await page.locator('svg.flow').textContent()), /values flow between \d+ steps/)

  await follow(page, page.getByRole('button', { name: 'Acknowledge' }))
  await page.getByText('Acknowledged.').waitFor()
  await follow(page, page.getByRole('button', { name: 'Assign to me' }))
  await page.getByText('Assigned.').waitFor()
  await page.getByLabel('Verdict').selectOption('true_positive')
  const reason = 'The ticket was planted: <b>ledger-backup.example</b> is not ours.'
  await page.getByLabel('Why (optional)').fill(reason)
  await follow(page, page.getByRole('button', { name: 'Set verdict' }))
  await page.getByText('The verdict was kept.').waitFor()
  await page.getByLabel('What was done (optional)').fill('The token was revoked.')
  await follow(page, page.getByRole('button', { name: 'Resolve' }))
  await page.getByText('Resolved.').waitFor()

  const done = await shown(page)
  assert.match(done, /resolved/)
  assert.match(done, /Mia Chen acknowledged it/)
  assert.match(done, /Mia Chen assigned it to Mia Chen/)
  assert.match(done, /Mia Chen set the verdict true positive/)
  assert.ok(done.includes(reason), 'what was written stands there as text')
  assert.match(done, /The token was revoked\./)
  assert.equal(await page.getByRole('button', { name: 'Resolve' }).count(), 0)

  await follow(page, page.getByRole('link', { name: 'Incidents' }).first())
  assert.ok(!(await shown(page)).includes('An action that text'), 'who comes to work is not shown what is done with')
  await page.getByLabel('resolved').check()
  await follow(page, page.getByRole('button', { name: 'Show' }))
  await follow(page, page.getByRole('link', { name: /An action that text/ }))
  assert.match(page.url(), new RegExp(demo.incident))
  await follow(page, page.locator('a[href^="/sessions/"]').first())
  assert.match(await shown(page), /export_contacts/)
  for (const place of ['Inventory', 'Scopes', 'Detectors', 'Silences']) {
    await follow(page, page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: place }))
    assert.equal(await shown(page, 'h1'), place)
  }
  assert.match(await shown(page, 'body'), /Mia Chen/)
  await follow(page, page.getByRole('button', { name: 'Log out' }))
  await page.goto(link)
  assert.match(page.url(), /\/log-in/)

  await logIn(page, vera)
  assert.match(await shown(page), /Mia Chen set the verdict true positive/)
  assert.equal(await page.locator('main form[method=post]').count(), 0, 'who may only look is offered nothing to do')

  // A wrong key is refused with 401, which a browser writes into its console.
  const errors = misdeeds.errors.filter((error) => !/status of 40[13]/.test(error))
  assert.deepEqual({ ...misdeeds, errors }, { ran: [], left: [], reports: [], errors: [] })
  await demo.stop()
})
