/** What all pages have around them. Rendered on the server; everything works without script. */
import type { Child } from 'hono/jsx'
import { forTerminal } from '../../incidents.js'
import { Name } from './parts.js'

export interface Frame {
  readonly title: string
  readonly person: FramePerson | undefined
  /** Goes back with each form. */
  readonly csrf: string
  /** Of this page, with its query: log-in leads back to it. */
  readonly path: string
  /** What became of the form that led here. */
  readonly notice?: string
  /** Nobody has to log in, since only this machine is served. */
  readonly local?: boolean
}

export interface FramePerson {
  readonly name: string
  readonly role: 'viewer' | 'analyst' | 'admin'
  /** `undefined`: all. */
  readonly tenant: string | undefined
}

const places = [
  ['/incidents', 'Incidents'],
  ['/inventory', 'Inventory'],
  ['/scopes', 'Scopes'],
  ['/detectors', 'Detectors'],
  ['/silences', 'Silences'],
] as const

export function page(frame: Frame, content: Child): string {
  const { title, person, path, notice, local = false } = frame
  const here = path.split('?')[0] ?? ''
  return `<!doctype html>${String(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${forTerminal(title, 120)} · Watchkeeper`}</title>
        <link rel="stylesheet" href="/assets/console.css" />
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <script src="/assets/console.js" defer />
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to content
        </a>
        <header class="top">
          <a class="brand" href="/incidents">
            Watchkeeper
          </a>
          {person === undefined ? null : (
            <nav aria-label="Pages">
              {places.map(([href, name]) => (
                <a key={href} href={href} aria-current={here.startsWith(href) ? 'page' : undefined}>
                  {name}
                </a>
              ))}
            </nav>
          )}
          {person === undefined ? null : <Person person={person} local={local} csrf={frame.csrf} />}
        </header>
        <main id="content" tabIndex={-1}>
          {notice === undefined || notice === '' ? null : (
            <p class="notice" role="status">
              <Name text={notice} most={600} />
            </p>
          )}
          {content}
        </main>
      </body>
    </html>,
  )}`
}

function Person({ person, local, csrf }: { person: FramePerson; local: boolean; csrf: string }) {
  return (
    <div class="person">
      <span>
        <Name text={person.name} most={60} /> <span class="quiet">{person.role}</span>
        {person.tenant === undefined ? null : <span class="quiet"> of {person.tenant}</span>}
      </span>
      {local ? (
        <span class="quiet">no accounts yet</span>
      ) : (
        <form method="post" action="/log-out">
          <input type="hidden" name="csrf" value={csrf} />
          <button type="submit" class="plain">
            Log out
          </button>
        </form>
      )}
    </div>
  )
}
