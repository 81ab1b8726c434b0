/**
 * Stored cross-site scripting: whoever writes a ticket, a tool's name or a scope writes into these pages. Each text of an event is
 * hostile on every page, once behind the console's Content-Security-Policy, which reports whatever it had to stop, and once without it, so
 * that escaping stands alone.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noBrowser, overflow, startBrowser, watchedPage } from '../support/browser.js'
import { asItIs, everyPage } from '../support/console-pages.js'
import { faultsOf, hostile, oddities } from '../support/hostile.js'
import { servePages } from '../support/page-server.js'

for (const guarded of [true, false]) {
  test(`hostile text stays text ${guarded ? 'and gives the policy nothing to stop' : 'with no policy at all'}`, {
    skip: noBrowser,
  }, async (t) => {
    const browser = await startBrowser()
    t.after(() => browser.close())
    for (const [what, text] of Object.entries(hostile).filter(([, text]) => guarded || text.includes('pwned'))) {
      await t.test(what, async (t) => {
        const pages = everyPage(() => text)
        const { origin, urlOf } = await servePages(t, pages, { unguarded: !guarded })
        const looked = await watchedPage(t, browser, { origin, screen: 'phone', scheme: 'light' })
        const faults: string[] = []
        for (const name of pages.keys())
          faults.push(...(await faultsOf(looked, urlOf(name))).map((fault) => `${name}: ${fault}`))
        assert.deepEqual(faults, [])
      })
    }
  })
}

test('hostile text makes no more and no other elements than harmless text does', { skip: noBrowser }, async (t) => {
  const browser = await startBrowser()
  t.after(() => browser.close())
  const countsOf = async (pages: ReadonlyMap<string, string>): Promise<Record<string, unknown>> => {
    const { origin, urlOf } = await servePages(t, pages)
    const { page } = await watchedPage(t, browser, { origin, screen: 'laptop', scheme: 'dark' })
    const counts: Record<string, unknown> = {}
    for (const name of pages.keys()) {
      await page.goto(urlOf(name))
      counts[name] = await page.evaluate(`(() => {
        const counts = {}
        for (const { localName } of document.querySelectorAll('*')) counts[localName] = (counts[localName] ?? 0) + 1
        return counts
      })()`)
    }
    return counts
  }
  // Words that differ as much as the plain ones do, so that nothing falls together.
  const harmless = await countsOf(everyPage((plain) => `word ${plain.length} ${plain}`))
  for (const key of ['a script', 'a handler after a double quote', 'a form of its own'])
    assert.deepEqual(await countsOf(everyPage((plain) => `${hostile[key]} ${plain.length} ${plain}`)), harmless, key)
})

test('the eyes of these tests are open: a page that does not escape is seen', { skip: noBrowser }, async (t) => {
  const browser = await startBrowser()
  t.after(() => browser.close())
  const page = (body: string): string => `<!doctype html><html lang="en"><title>x</title>${body}`
  const pages = new Map([
    ['script', page('<script>pwned("inline")</script>')],
    ['handler', page('<img src="data:," onerror="pwned(1)">')],
    ['away', page('<link rel="stylesheet" href="https://evil.example/x.css">')],
    ['link', page('<a href="javascript:pwned(1)">x</a>')],
    ['turned', page('<p>\u202egnp.exe</p>')],
    ['wide', page(`<p>${'a'.repeat(3_000)}</p>`)],
  ])
  for (const unguarded of [false, true]) {
    const { origin, urlOf } = await servePages(t, pages, { unguarded })
    const looked = await watchedPage(t, browser, { origin, screen: 'phone', scheme: 'light' })
    const see = async (name: string) => {
      looked.forget()
      await looked.page.goto(urlOf(name))
      await looked.page.waitForTimeout(100)
      const { ran, left, reports, errors } = looked.misdeeds
      return { ran: ran.length, left: left.length, reports: reports.length, errors: errors.length }
    }
    const script = await see('script')
    const handler = await see('handler')
    const away = await see('away')
    if (unguarded) {
      assert.ok(script.ran === 1 && handler.ran === 1 && away.left === 1)
    } else {
      assert.ok(script.ran === 0 && script.reports > 0 && handler.ran === 0 && handler.reports > 0 && away.reports > 0)
    }
    await see('link')
    assert.match(String(await oddities(looked.page)), /leads to javascript/)
    await see('turned')
    assert.match(String(await oddities(looked.page)), /^unseen characters: p/)
    await see('wide')
    assert.ok((await overflow(looked.page)) > 1_000)
  }
  assert.notDeepEqual(
    everyPage(asItIs),
    everyPage(() => 'other'),
  )
})
