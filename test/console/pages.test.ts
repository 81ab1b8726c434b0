/** What only a browser can say of the console's pages: whether people can use them, whatever their screen and their eyes. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { noBrowser, overflow, type Scheme, type Screen, startBrowser, watchedPage } from '../support/browser.js'
import { asItIs, everyPage } from '../support/console-pages.js'
import { servePages } from '../support/page-server.js'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds, a line each: rule, what it is about, where. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return page.evaluate<string[]>(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map((node) =>
      id + ': ' + node.target.join(' ') + ': ' + node.any.concat(node.all, node.none).map(({ message }) => message).join('; ')))) `)
}

test('pages have no barrier that axe knows and fit their screen', { skip: noBrowser }, async (t) => {
  const pages = everyPage(asItIs)
  const { origin, urlOf } = await servePages(t, pages)
  const browser = await startBrowser()
  t.after(() => browser.close())
  for (const screen of ['laptop', 'phone'] as const satisfies Screen[]) {
    for (const scheme of ['light', 'dark'] as const satisfies Scheme[]) {
      const { page, misdeeds, forget } = await watchedPage(t, browser, { origin, screen, scheme })
      for (const name of pages.keys()) {
        await t.test(`${name}, ${screen}, ${scheme}`, async () => {
          forget()
          await page.goto(urlOf(name))
          // All that can be opened is read as well.
          await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true')
          assert.deepEqual(await violations(page), [])
          assert.equal(await overflow(page), 0, 'pixels wider than the screen')
          assert.deepEqual(misdeeds, { ran: [], left: [], reports: [], errors: [] })
        })
      }
    }
  }
})

test('axe sees a barrier where there is one', { skip: noBrowser }, async (t) => {
  const { origin, urlOf } = await servePages(t, new Map([['bad', '<!doctype html><title>x</title><input>']]))
  const browser = await startBrowser()
  t.after(() => browser.close())
  const { page } = await watchedPage(t, browser, { origin, screen: 'phone', scheme: 'dark' })
  await page.goto(urlOf('bad'))
  const found = (await violations(page)).map((line) => line.split(':')[0])
  assert.ok(found.includes('label') && found.includes('html-has-lang'), String(found))
})
