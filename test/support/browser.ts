/**
 * Debian's Chromium, for what only a browser can say of a page. Where there is none its tests are skipped with one line; in CI that is a
 * failure (`.ci/run` installs it).
 */
import { existsSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Of a test that needs a browser: `false`, or why it cannot run here. */
export const noBrowser: string | false =
  chromiumPath() !== undefined || process.env['CI'] ? false : 'no Chromium here: apt-get install -y chromium'

function chromiumPath(): string | undefined {
  return places.find((path) => existsSync(path))
}

/** One process for all pages of a test file; whoever starts it closes it. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = chromiumPath()
  if (executablePath === undefined) throw new Error('no Chromium: apt-get install -y chromium')
  return chromium.launch({
    executablePath,
    // Root in a container has no user namespaces, and /dev/shm is small there.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  })
}

/** What a page did that a page of ours never does. */
export interface Misdeeds {
  /** Script of a text ran: it called `pwned`, or opened a dialog. */
  readonly ran: string[]
  /** Requests to elsewhere. */
  readonly left: string[]
  /** What the Content-Security-Policy forbade. */
  readonly reports: string[]
  /** Errors in the console, and of scripts. */
  readonly errors: string[]
}

export const screens = {
  laptop: { viewport: { width: 1366, height: 768 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
} as const satisfies Record<string, BrowserContextOptions>

export type Screen = keyof typeof screens
export type Scheme = 'light' | 'dark'

export interface Looked {
  readonly page: Page
  readonly misdeeds: Misdeeds
  /** Forgets what happened so far. */
  forget(): void
}

export interface WatchedOptions {
  /** Where its requests may go. */
  readonly origin: string
  readonly screen: Screen
  readonly scheme: Scheme
  /** Default: the page's script runs. */
  readonly script?: boolean
}

/** A page in a context of its own that is watched from its first byte. */
export async function watchedPage(
  t: Pick<TestContext, 'after'>,
  browser: Browser,
  { origin, screen, scheme, script = true }: WatchedOptions,
): Promise<Looked> {
  const context = await browser.newContext({
    ...screens[screen],
    colorScheme: scheme,
    locale: 'en-GB',
    javaScriptEnabled: script,
  })
  t.after(() => context.close())
  const misdeeds: Misdeeds = { ran: [], left: [], reports: [], errors: [] }
  await context.exposeFunction('pwned', (what: unknown) => void misdeeds.ran.push(String(what)))
  await context.exposeFunction('cspReport', (what: string) => void misdeeds.reports.push(what))
  await context.addInitScript(`
    addEventListener('securitypolicyviolation', (event) =>
      cspReport(event.effectiveDirective + ' ' + event.blockedURI + ' ' + event.sample))`)
  context.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(`${origin}/`) && url !== origin) misdeeds.left.push(url)
  })
  const page = await context.newPage()
  page.on('dialog', (dialog) => {
    misdeeds.ran.push(`dialog ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('pageerror', (error) => void misdeeds.errors.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') misdeeds.errors.push(message.text())
  })
  return {
    page,
    misdeeds,
    forget: () => {
      for (const list of Object.values(misdeeds)) list.length = 0
    },
  }
}

/** Pixels by which the page is wider than the screen: 0 where nothing has to be scrolled sideways. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate<number>('Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)')
