import { type Frame, page } from './frame.js'
import { Name } from './parts.js'

export interface FaultPageData {
  /** HTTP status. */
  readonly status: number
  /** Stable, as in the API. */
  readonly code: string
  /** What was wrong, and what to do. */
  readonly message: string
}

export function faultPage({ status, code, message }: FaultPageData, frame: Frame): string {
  return page(
    frame,
    <div class="card">
      <h1>{status === 404 ? 'There is no such page' : 'That did not work'}</h1>
      <p class="fault" role="alert">
        <Name text={message} most={600} />
      </p>
      <p class="quiet">
        {status} {code} · <a href="/incidents">back to the incidents</a>
      </p>
    </div>,
  )
}
