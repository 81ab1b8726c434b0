/** The scopes ledger: who asked for, was granted, held and used which scope. */
import type { ScopeSeen } from '../../inventory.js'
import { type Frame, page } from './frame.js'
import { Empty, Name, NumberCell, Omitted, Table, TimeCell } from './parts.js'

export interface ScopesPageData {
  readonly scopes: readonly ScopeSeen[]
  readonly omitted: number
  readonly unusedOnly: boolean
  readonly showTenant: boolean
}

const ranks = ['unknown', 'read', 'write', 'admin'] as const

export function scopesPage({ scopes, omitted, unusedOnly, showTenant }: ScopesPageData, frame: Frame): string {
  return page(
    frame,
    <>
      <div class="headline">
        <h1>Scopes</h1>
        <p class="quiet">
          What tokens held until some minutes ago, and whether a call ever needed it. Unused scopes are what least
          privilege would take away.
        </p>
      </div>
      <form class="filter" method="get" action="/scopes">
        <label class="check">
          <input type="checkbox" name="unused" value="1" checked={unusedOnly} /> unused only
        </label>
        <button type="submit">Show</button>
      </form>
      {scopes.length === 0 ? (
        <Empty>
          {unusedOnly
            ? 'No scope that was held stands unused.'
            : 'No scope was seen yet. The HTTP hook of the SDK reports them: see src/sdk/README.md.'}
        </Empty>
      ) : (
        <Table
          label="Scopes"
          numbers={['Requested', 'Challenged', 'Granted', 'Held']}
          head={[
            'Subject',
            'Server',
            'Scope',
            'Rank',
            'Use',
            'Requested',
            'Challenged',
            'Granted',
            'Held',
            'Client',
            'Last',
            ...(showTenant ? ['Tenant'] : []),
          ]}
        >
          {scopes.map((one) => (
            <tr key={`${one.tenant} ${one.subject} ${one.client} ${one.server} ${one.scope}`}>
              <th scope="row">
                <Name text={one.subject} most={60} />
              </th>
              <td>
                <Name text={one.server} most={60} />
              </td>
              <td>
                <code>
                  <Name text={one.scope} most={80} />
                </code>
              </td>
              <td>{ranks[one.rank] ?? 'unknown'}</td>
              <td>
                <span class={`tag use-${one.use}`}>{one.use.replaceAll('_', ' ')}</span>
              </td>
              <NumberCell of={one.requested} />
              <NumberCell of={one.challenged} />
              <NumberCell of={one.granted} />
              <NumberCell of={one.held} />
              <td>
                <Name text={one.client} most={60} />
              </td>
              <TimeCell at={one.last_at} />
              {showTenant ? <td>{one.tenant}</td> : null}
            </tr>
          ))}
        </Table>
      )}
      <Omitted number={omitted} />
    </>,
  )
}
