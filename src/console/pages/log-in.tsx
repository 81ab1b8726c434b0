import { type Frame, page } from './frame.js'
import { Name } from './parts.js'

export interface LogInPageData {
  /** People log in at a provider. */
  readonly provider: boolean
  /** There are API keys to log in with. */
  readonly keys: boolean
  /** Where to go afterwards: a path of ours. */
  readonly next: string
  /** What was wrong with the last try. */
  readonly fault?: string
}

export function logInPage({ provider, keys, next, fault }: LogInPageData, frame: Frame): string {
  return page(
    frame,
    <div class="card">
      <h1>Log in</h1>
      {fault === undefined ? null : (
        <p class="fault" role="alert">
          <Name text={fault} most={600} />
        </p>
      )}
      {provider ? (
        <p>
          <a class="button primary" href={`/log-in/provider?next=${encodeURIComponent(next)}`}>
            Log in with your organisation's account
          </a>
        </p>
      ) : null}
      {keys ? (
        <form method="post" action="/log-in" class="stack">
          <input type="hidden" name="csrf" value={frame.csrf} />
          <input type="hidden" name="next" value={next} />
          <label>
            API key
            <input type="password" name="key" autocomplete="current-password" required maxLength={200} />
          </label>
          <button type="submit" class={provider ? '' : 'primary'}>
            Log in
          </button>
        </form>
      ) : null}
      {provider || keys ? null : (
        <p>
          There are no accounts yet: <code>npx watchkeeper accounts create</code> makes one.
        </p>
      )}
    </div>,
  )
}
