/** Every server, tool and subject that was seen, what it counts as, and whether somebody approved it. */
import type { ServerSeen, SubjectSeen, ToolSeen } from '../../inventory.js'
import { type Frame, page } from './frame.js'
import { count, Empty, Name, Names, NumberCell, Omitted, Section, Table, TimeCell } from './parts.js'

export interface InventoryPageData {
  readonly servers: readonly ServerSeen[]
  readonly tools: readonly ToolSeen[]
  readonly subjects: readonly SubjectSeen[]
  readonly showTenant: boolean
  /** Rows that had no room, of each. */
  readonly omitted: { readonly servers: number; readonly tools: number; readonly subjects: number }
}

const basis = (from: string): string => `by ${from.replaceAll('_', ' ')}`

export function inventoryPage(
  { servers, tools, subjects, showTenant, omitted }: InventoryPageData,
  frame: Frame,
): string {
  const tenant = showTenant ? ['Tenant'] : []
  return page(
    frame,
    <>
      <div class="headline">
        <h1>Inventory</h1>
        <p class="quiet">
          What was seen until some minutes ago, and what the policy file says of it.{' '}
          <code>npx watchkeeper inventory --draft</code> writes an allowlist to begin with.
        </p>
      </div>
      <Section id="servers" title={`Servers (${count(servers.length + omitted.servers)})`}>
        {servers.length === 0 ? (
          <Empty>
            No server was seen yet. Add the SDK to one, or put <code>watchkeeper tap</code> before it.
          </Empty>
        ) : (
          <Table
            label="Servers"
            numbers={['Tools', 'Subjects', 'Calls']}
            head={['Server', 'Standing', 'Owner', 'Places', 'Tools', 'Subjects', 'Calls', 'First', 'Last', ...tenant]}
          >
            {servers.map((one) => (
              <tr key={`${one.tenant} ${one.server} ${one.places[0]?.address ?? ''}`}>
                <th scope="row">
                  {one.server === '' ? <span class="quiet">no name</span> : <Name text={one.server} most={80} />}
                </th>
                <td>
                  <span class={`tag ${one.standing}`}>{one.standing.replaceAll('-', ' ').replaceAll('_', ' ')}</span>
                </td>
                <td>
                  <Name text={one.owner} most={60} />
                </td>
                <td>
                  <Names names={one.places.map(({ address, command_line }) => address || command_line)} most={3} />
                </td>
                <NumberCell of={one.tools} />
                <NumberCell of={one.subjects} />
                <NumberCell of={one.calls} />
                <TimeCell at={one.first_at} />
                <TimeCell at={one.last_at} />
                {showTenant ? <td>{one.tenant}</td> : null}
              </tr>
            ))}
          </Table>
        )}
        <Omitted number={omitted.servers} />
      </Section>
      <Section id="tools" title={`Tools (${count(tools.length + omitted.tools)})`}>
        {tools.length === 0 ? (
          <Empty>No tool was called yet.</Empty>
        ) : (
          <Table
            label="Tools"
            numbers={['Calls', 'Refused']}
            head={[
              'Tool',
              'Server',
              'Class',
              'It claims',
              'What it did',
              'Approval',
              'Calls',
              'Refused',
              'Last',
              ...tenant,
            ]}
          >
            {tools.map((one) => (
              <tr key={`${one.tenant} ${one.server} ${one.tool}`}>
                <th scope="row">
                  <Name text={one.tool} most={80} />
                  {one.private ? <span class="tag">private</span> : null}
                  {one.crown_jewel === '' ? null : (
                    <span class="tag high">
                      <Name text={one.crown_jewel} most={40} />
                    </span>
                  )}
                </th>
                <td>
                  <Name text={one.server} most={60} />
                </td>
                <td>
                  {one.class} <div class="quiet">{basis(one.class_from)}</div>
                </td>
                <td>{one.claimed}</td>
                <td>
                  <Names names={one.verbs} most={4} />
                </td>
                <td>{one.must_be_approved}</td>
                <NumberCell of={one.calls} />
                <NumberCell of={one.refused} />
                <TimeCell at={one.last_at} />
                {showTenant ? <td>{one.tenant}</td> : null}
              </tr>
            ))}
          </Table>
        )}
        <Omitted number={omitted.tools} />
      </Section>
      <Section id="subjects" title={`Subjects (${count(subjects.length + omitted.subjects)})`}>
        {subjects.length === 0 ? (
          <Empty>Nobody was seen yet.</Empty>
        ) : (
          <Table
            label="Subjects"
            numbers={['Servers', 'Not approved', 'Tools', 'High-impact', 'Calls', 'Refused']}
            head={[
              'Subject',
              'Servers',
              'Not approved',
              'Tools',
              'High-impact',
              'Mightiest scope',
              'Calls',
              'Refused',
              'Last',
              ...tenant,
            ]}
          >
            {subjects.map((one) => (
              <tr key={`${one.tenant} ${one.subject}`}>
                <th scope="row">
                  {one.subject === '' ? <span class="quiet">nobody named</span> : <Name text={one.subject} most={80} />}
                </th>
                <NumberCell of={one.servers} />
                <NumberCell of={one.unapproved_servers} />
                <NumberCell of={one.tools} />
                <NumberCell of={one.high_impact_tools} />
                <td>
                  <Name text={one.scope} most={60} />
                </td>
                <NumberCell of={one.calls} />
                <NumberCell of={one.refused} />
                <TimeCell at={one.last_at} />
                {showTenant ? <td>{one.tenant}</td> : null}
              </tr>
            ))}
          </Table>
        )}
        <Omitted number={omitted.subjects} />
      </Section>
    </>,
  )
}
