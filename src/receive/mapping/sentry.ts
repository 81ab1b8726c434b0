/** Sentry's `wrapMcpServerWithSentry`, where its spans reach us over OTLP. It records arguments and results by default. */
import { below, boolOf, contentOf, type Facts, type Foreign, textOf } from './foreign.js'

export function sentry({ attributes }: Foreign): Facts {
  return {
    // Its spans have no kind, and are all of what a server was asked.
    side: textOf(attributes['sentry.op']) === 'mcp.server' ? 'server' : undefined,
    tool: textOf(attributes['mcp.tool.name']),
    prompt: textOf(attributes['mcp.prompt.name']),
    requestId: textOf(attributes['mcp.request.id']),
    // The keys of arguments are lower-cased at the source.
    arguments: below(attributes, 'mcp.request.argument.'),
    result: contentOf(attributes['mcp.tool.result.content']) ?? numbered(below(attributes, 'mcp.tool.result.')),
    toolError: boolOf(attributes['mcp.tool.result.is_error']),
    transport: transportOf(textOf(attributes['mcp.transport'])),
    clientName: textOf(attributes['mcp.client.name']),
    clientVersion: textOf(attributes['mcp.client.version']),
    serverName: textOf(attributes['mcp.server.name']),
    serverVersion: textOf(attributes['mcp.server.version']),
  }
}

/** `0.content`, `1.content` …, where a result has several parts. */
function numbered(parts: Record<string, unknown> | undefined): unknown {
  const contents = Object.entries(parts ?? {}).filter(([name]) => /^\d+\.content$/.test(name))
  return contents.length === 0 ? undefined : contents.map(([, content]) => content)
}

/** Names of transports as people write them: `stdio`, `StreamableHTTPServerTransport`, `sse`. */
function transportOf(text: string | undefined): string | undefined {
  const name = text?.toLowerCase()
  if (name === undefined) return undefined
  if (name.includes('stdio')) return 'stdio'
  if (name.includes('http') || name.includes('sse')) return 'http'
  return name.includes('memory') ? 'memory' : undefined
}
