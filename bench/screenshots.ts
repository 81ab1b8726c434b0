/**
 * The pictures of the README: the pages of the demo's incident as Chromium shows them, into `docs/screenshots`. Needs Debian's `chromium`.
 *
 *     npm run screenshots
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { type Scheme, type Screen, screens, startBrowser } from '../test/support/browser.js'
import { playedDemo } from '../test/support/demo.js'
import { fromRoot } from '../test/support/root.js'
import { freePort } from '../test/support/service.js'

interface Shot {
  readonly file: string
  readonly path: string
  readonly screen: Screen
  readonly scheme: Scheme
  /** Pixels of the page from its top; the screen's own height where none is given. */
  readonly height?: number
  /** Scrolled to. */
  readonly to?: string
}

const folder = fromRoot('docs/screenshots')

async function take(browser: Browser, origin: string, { file, path, screen, scheme, height, to }: Shot): Promise<void> {
  const { viewport, ...rest } = screens[screen]
  const context = await browser.newContext({
    ...rest,
    viewport: { ...viewport, height: height ?? viewport.height },
    colorScheme: scheme,
    locale: 'en-GB',
  })
  try {
    const page = await context.newPage()
    await page.goto(`${origin}${path}`)
    if (to !== undefined) await page.evaluate(`document.querySelector('${to}').scrollIntoView()`)
    await page.screenshot({ path: join(folder, `${file}.png`) })
  } finally {
    await context.close()
  }
}

/** What was seen is counted when detectors over time next look, every few minutes. */
async function counted(page: Page, url: string): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    await page.goto(url)
    if ((await page.locator('#subjects tbody tr').count()) > 0) return
    await page.waitForTimeout(10_000)
  }
  throw new Error('nothing was counted within ten minutes')
}

const data = await mkdtemp(join(tmpdir(), 'watchkeeper-screenshots-'))
const port = await freePort()
const demo = await playedDemo({
  WATCHKEEPER_DATA_DIR: data,
  WATCHKEEPER_RECEIVE_PORT: String(await freePort()),
  WATCHKEEPER_CONSOLE_PORT: String(port),
})
try {
  const origin = `http://127.0.0.1:${port}`
  const browser = await startBrowser()
  try {
    await mkdir(folder, { recursive: true })
    const page = await browser.newPage()
    await page.goto(`${origin}/incidents/${demo.incident}`)
    const session = await page.locator('a[href^="/sessions/"]').first().getAttribute('href')
    if (session === null) throw new Error('the incident leads to no session')
    await counted(page, `${origin}/inventory`)
    const incident = `/incidents/${demo.incident}`
    const shots: readonly Shot[] = [
      { file: 'incidents', path: '/incidents', screen: 'laptop', scheme: 'light', height: 560 },
      { file: 'incident', path: incident, screen: 'laptop', scheme: 'light', height: 1060 },
      { file: 'incident-dark', path: incident, screen: 'laptop', scheme: 'dark', height: 900, to: '#values' },
      { file: 'incident-phone', path: incident, screen: 'phone', scheme: 'dark' },
      { file: 'session', path: session, screen: 'laptop', scheme: 'light', height: 1000 },
      { file: 'inventory', path: '/inventory', screen: 'laptop', scheme: 'light', height: 900 },
      { file: 'scopes', path: '/scopes', screen: 'laptop', scheme: 'dark', height: 560 },
      { file: 'detectors', path: '/detectors', screen: 'laptop', scheme: 'light', height: 900 },
    ]
    for (const shot of shots) await take(browser, origin, shot)
  } finally {
    await browser.close()
  }
} finally {
  await demo.stop()
  await rm(data, { recursive: true, force: true })
}
