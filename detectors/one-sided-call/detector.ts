import { listed, queryDetector, type RowDraft, type Severity } from '#detector'

/**
 * A call has two ends, and both tell of it. Where they tell different stories, something between them is not what it seems: a
 * proxy that changes arguments or results, a host that reports what it did not send, a server that covers up. Only digests made with one
 * key, of what both captured whole, are compared.
 */
interface Row {
  readonly tenant: string
  readonly server: string
  readonly client: string
  readonly session: string
  readonly subject: string
  readonly tool: string
  readonly calls: string
  readonly arguments: string
  readonly results: string
  readonly outcomes: string
  readonly records: readonly string[]
}

export default queryDetector<Row>({
  about: {
    title: 'Client and server tell different stories of one call',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: [], mcp: ['MCP08:2025', 'MCP04:2025'], asi: ['ASI07'] },
    needs: ['counterpart'],
    version: 1,
  },
  everySeconds: 600,
  settleSeconds: 600,

  sql: `
    WITH
      sides AS (
        SELECT tenant, call_key, side, any(server_name) AS server, any(client_name) AS client, any(session) AS session, max(subject) AS subject,
          any(tool) AS tool, any(record_id) AS record, any(outcome) AS outcome, any(key_id) AS key_id, any(error_type) AS error,
          if(any(arg_capture) IN ('captured', 'redacted'), any(arg_digest), '') AS arguments,
          if(any(result_capture) IN ('captured', 'redacted'), any(result_digest), '') AS results
        FROM records
        WHERE kind = 'call' AND method = 'tools/call' AND form = 'event' AND side IN ('client', 'server')
          AND call_key != toUUID('00000000-0000-0000-0000-000000000000')
          AND kept_at >= {from:DateTime64(6, 'UTC')} AND kept_at < {to:DateTime64(6, 'UTC')}
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
        GROUP BY tenant, call_key, side
        HAVING uniqExact(record_id) = 1
      ),
      pairs AS (
        SELECT c.tenant AS tenant, s.server AS server, c.client AS client, c.session AS session, if(s.subject = '', c.subject, s.subject) AS subject, c.tool AS tool,
          toString(c.record) AS client_record, toString(s.record) AS server_record,
          c.key_id = s.key_id AND c.arguments != '' AND s.arguments != '' AND c.arguments != s.arguments AS other_arguments,
          c.key_id = s.key_id AND c.results != '' AND s.results != '' AND c.results != s.results AND c.outcome = s.outcome AS other_result,
          -- A client may give up on a server that goes on, and a transport may fail after the work was done.
          (c.outcome = 'ok' AND s.outcome IN ('tool_error', 'protocol_error', 'denied'))
            OR (s.outcome = 'ok' AND c.outcome IN ('tool_error', 'denied')) AS other_outcome
        FROM sides AS c
        INNER JOIN sides AS s ON s.tenant = c.tenant AND s.call_key = c.call_key
        WHERE c.side = 'client' AND s.side = 'server'
      )
    SELECT tenant, server, client, argMax(pairs.session, weight) AS session, argMax(pairs.subject, weight) AS subject, argMax(pairs.tool, weight) AS tool,
      count() AS calls, sum(other_arguments) AS arguments, sum(other_result) AS results, sum(other_outcome) AS outcomes,
      arraySlice(arrayFlatten(groupArrayIf(10)([client_record, server_record], weight > 0)), 1, 20) AS records
    FROM (SELECT *, other_arguments * 4 + other_result * 2 + other_outcome AS weight FROM pairs) AS pairs
    GROUP BY tenant, server, client
    HAVING arguments + results + outcomes > 0
    ORDER BY tenant, server, client
    LIMIT 1000`,

  judge(row): RowDraft {
    const [args, results, outcomes] = [Number(row.arguments), Number(row.results), Number(row.outcomes)]
    const said = [
      ...(args > 0 ? [`${args} with other arguments`] : []),
      ...(results > 0 ? [`${results} with another result`] : []),
      ...(outcomes > 0 ? [`${outcomes} with another outcome`] : []),
    ]
    const severity: Severity = args > 0 ? 'high' : results > 0 ? 'medium' : 'low'
    return {
      anchor: JSON.stringify([row.server, row.client]),
      session: row.session,
      subject: row.subject,
      server: row.server,
      tool: row.tool,
      severity,
      summary: `${row.client || 'a client'} and ${row.server || 'a server'} tell different stories of ${listed(said)} (of ${row.calls} calls both told of)`,
      calls: row.records,
      score: { calls: Number(row.calls), arguments: args, results, outcomes },
    }
  },
})
