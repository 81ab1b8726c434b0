/**
 * Clear attributes of other people's telemetry: what is not in these lists is not kept, neither in a record nor in a dead
 * letter. Where a value was measured to hold content (names of traces, bodies, stack traces), its name is not here.
 */
import { attributeNames, clearTextAttributes } from '@watchkeeper/sdk/attributes'
import { keyedDetail } from '@watchkeeper/sdk/capture'
import type { Value, ValueMap } from './otlp/export.js'

/** Kept beside the record's own fields: where it ran and what made it. */
const beside: ReadonlySet<string> = new Set([
  'service.name',
  'service.namespace',
  'service.version',
  'service.instance.id',
  'deployment.environment.name',
  'deployment.environment',
  'host.name',
  'os.type',
  'container.id',
  'k8s.cluster.name',
  'k8s.namespace.name',
  'k8s.deployment.name',
  'k8s.pod.name',
  'cloud.provider',
  'cloud.region',
  'process.runtime.name',
  'process.runtime.version',
  'telemetry.sdk.language',
  'telemetry.sdk.name',
  'telemetry.sdk.version',
  'gen_ai.agent.id',
  'gen_ai.agent.name',
  'gen_ai.operation.name',
  'gen_ai.provider.name',
  'gen_ai.request.model',
  'gen_ai.system',
  'jsonrpc.protocol.version',
  'network.protocol.name',
  'network.protocol.version',
  'network.transport',
  'server.port',
  'client.port',
  'rpc.system',
  'fastmcp.component.type',
  'fastmcp.component.key',
  'fastmcp.provider.type',
  'fastmcp.proxy.backend_name',
  'sentry.op',
  'sentry.origin',
  'traceloop.span.kind',
])

/** Read into fields, and therefore clear in a dead letter. `mcp.resource.uri` is not: its path is content. */
const read: ReadonlySet<string> = new Set([
  'event.name',
  'mcp.method.name',
  'mcp.tool.name',
  'mcp.prompt.name',
  'mcp.request.id',
  'mcp.transport',
  'mcp.client.name',
  'mcp.client.version',
  'mcp.server.name',
  'mcp.server.version',
  'mcp.tool.result.is_error',
  'rpc.method',
  'session.id',
  'user.id',
  'enduser.id',
  'enduser.scope',
  'fastmcp.server.name',
  'traceloop.entity.name',
  ...[...attributeNames].filter((name) => !name.startsWith('watchkeeper.')),
])

/** Attributes of our own events that hold keyed hashes. */
const keyed: ReadonlySet<string> = new Set([
  'watchkeeper.arguments.digest',
  'watchkeeper.arguments.fingerprints',
  'watchkeeper.result.digest',
  'watchkeeper.result.fingerprints',
  'watchkeeper.result.orders',
  'watchkeeper.token.fingerprint',
  'watchkeeper.verb_hashes',
])

/** Whether an attribute may hold hashes that have no pepper yet: by its name, or a name of a newer version. */
export const mayBeKeyed = (name: string): boolean =>
  name.startsWith('watchkeeper.detail.')
    ? keyedDetail.test(name)
    : keyed.has(name) || (name.startsWith('watchkeeper.') && !attributeNames.has(name))

const scalar = (value: Value | undefined): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
    ? String(value)
    : undefined

/** Characters of a clear value beside a record. */
const longest = 256

/** The allow-listed attributes of a resource and its record, and how many others there were. */
export function allowedBeside(...maps: readonly ValueMap[]): {
  readonly kept: Record<string, string>
  readonly dropped: number
} {
  const kept: Record<string, string> = {}
  let dropped = 0
  for (const map of maps) {
    for (const [name, value] of Object.entries(map)) {
      const text = beside.has(name) ? scalar(value) : undefined
      if (text !== undefined && text.length <= longest) kept[name] = text
      else if (!read.has(name)) dropped += 1
    }
  }
  return { kept, dropped }
}

/**
 * Whether an attribute may stand clear in a dead letter. `ours`: the record calls itself one of our events, so that what
 * begins with `watchkeeper.` went through capture at its producer, also a name that only a newer version knows.
 */
export function isClear(name: string, value: Value, ours: boolean): boolean {
  // Contents, even where they were sent by intent: a letter is read by others than those who may read the trail.
  if (clearTextAttributes.has(name)) return false
  const most = ours ? 65_536 : longest
  const short = (item: Value): boolean => (scalar(item) ?? 'x'.repeat(most + 1)).length <= most
  if (!(read.has(name) || beside.has(name) || (ours && name.startsWith('watchkeeper.')))) return false
  if (name === 'error.type' && !/^[\w.:$/-]{1,128}$/.test(scalar(value) ?? ' ')) return false
  return Array.isArray(value) ? ours && value.every((item) => short(item as Value)) : short(value)
}
