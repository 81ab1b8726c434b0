/** Tools as a server describes them, as the SDK tells of them. */
import { pathToFileURL } from 'node:url'
import type { AuditEvent } from '../../src/audit-event.js'
import { auditEvent, baseTime, second } from './events.js'
import { fromRoot } from './root.js'
import { capturer } from './story.js'

interface Described {
  readonly name: string
  readonly claimedClass: AuditEvent['claimedClass']
  readonly tool: Readonly<Record<string, unknown>>
}

// Not a door of the package: reached by its file.
const { toolsIn, capturedDefinition } = (await import(pathToFileURL(fromRoot('src/sdk/dist/tools.js')).href)) as {
  toolsIn(result: unknown): readonly Described[]
  capturedDefinition(described: Described, using: typeof capturer): Partial<AuditEvent>
}

/** A server's answer to `tools/list` at `step` seconds; events have ids `SERVER/TOOL`, with `@step` where it is not 0. */
export function listed(
  server: string,
  tools: readonly { readonly name: string; readonly description?: string; readonly [member: string]: unknown }[],
  step = 0,
  given: Partial<AuditEvent> = {},
): AuditEvent[] {
  return toolsIn({ tools }).map((described) =>
    auditEvent({
      kind: 'tool_definition',
      eventId: `${server}/${described.name}${step === 0 ? '' : `@${step}`}`,
      startedAt: baseTime + step * second,
      endedAt: baseTime + step * second,
      serverName: server,
      tool: described.name,
      method: '',
      outcome: '',
      claimedClass: described.claimedClass,
      captureVersion: capturer.version,
      keyId: capturer.keyId,
      ...capturedDefinition(described, capturer),
      ...given,
    }),
  )
}
