/**
 * OpenTelemetry's own conventions for MCP (semantic-conventions-genai, status Development). The C# SDK (source
 * `Experimental.ModelContextProtocol`), FastMCP and most gateways write these.
 */
import { below, contentOf, type Facts, type Foreign, scopesOf, textOf } from './foreign.js'

/** SpanKind of OTLP. */
const clientKind = 3

const transports: Readonly<Record<string, string>> = { pipe: 'stdio', tcp: 'http', quic: 'http' }

export function semconv({ attributes }: Foreign): Facts {
  const errorType = textOf(attributes['error.type'])
  return {
    method: textOf(attributes['mcp.method.name']),
    tool: textOf(attributes['gen_ai.tool.name']),
    prompt: textOf(attributes['gen_ai.prompt.name']),
    resourceUri: uriOf(attributes['mcp.resource.uri']),
    requestId: textOf(attributes['jsonrpc.request.id']),
    arguments: contentOf(attributes['gen_ai.tool.call.arguments']) ?? below(attributes, 'gen_ai.prompt.variable.'),
    result: contentOf(attributes['gen_ai.tool.call.result']),
    toolError: errorType === 'tool_error' ? true : undefined,
    errorType,
    rpcCode: textOf(attributes['rpc.response.status_code']),
    conversationId: textOf(attributes['gen_ai.conversation.id']),
    mcpSessionId: textOf(attributes['mcp.session.id']),
    protocolVersion: textOf(attributes['mcp.protocol.version']),
    transport: transports[textOf(attributes['network.transport']) ?? ''],
    clientAddress: textOf(attributes['client.address']),
    serverAddress: textOf(attributes['server.address']),
  }
}

/** A tool that outer GenAI instrumentation traces: the convention asks MCP libraries to add to that span and make none of their own. */
export function executedTool({ attributes }: Foreign): Facts {
  return attributes['gen_ai.operation.name'] === 'execute_tool' ? { method: 'tools/call' } : {}
}

/** Who it was for, where the application says so. `session.id` is what Langfuse and others call a conversation. */
export function application({ attributes, resource, kind }: Foreign): Facts {
  const service = textOf(resource['service.name'])
  return {
    conversationId: textOf(attributes['session.id']),
    subject: textOf(attributes['user.id']) ?? textOf(attributes['enduser.id']),
    scopes: scopesOf(attributes['enduser.scope']),
    // Who sends a CLIENT span is the client: the server's name is not to be had from it.
    ...(kind === clientKind ? { clientName: service } : { serverName: service }),
  }
}

/** A URI is content, so it is not cut here. */
export const uriOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined
