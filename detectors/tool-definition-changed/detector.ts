import { queryDetector, type RowDraft, type Severity } from '#detector'

/**
 * A tool is approved by what its description says. A server that changes the description and not its version was approved for
 * something else (a rug pull); one that shows two descriptions of one version to different people shows one of them to the
 * reviewer (a targeted one). Digests are keyed, so only those of one key are compared.
 */
interface Version {
  readonly digest: string
  readonly description: string
  readonly first: number
  readonly last: number
  readonly subjects: readonly string[]
  readonly record: string
  readonly suspicion: number
  readonly session: string
}

interface Row {
  readonly tenant: string
  readonly server: string
  readonly tool: string
  readonly version: string
  readonly from: string
  /** [digest, description digest, first µs, last µs, subjects, record, suspicion, session] */
  readonly variants: readonly (readonly [string, string, string, string, readonly string[], string, number, string])[]
}

export default queryDetector<Row>({
  about: {
    title: 'A known tool’s definition changed without a new version',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0110', 'AML.T0109'], mcp: ['MCP03:2025', 'MCP04:2025'], asi: ['ASI04'] },
    needs: ['history'],
    version: 1,
  },
  everySeconds: 600,
  settleSeconds: 120,

  sql: `
    WITH
      told AS (
        SELECT tenant, server_name AS server, tool, server_version AS version, key_id, detail['definition_digest'] AS digest,
          detail['description_digest'] AS description, kept_at, subject, record_id, session,
          greatest(result_signals['instruction'], result_signals['secrecy'], result_signals['unicode_tags'],
            result_signals['role_marker'], arg_signals['path_credential']) AS suspicion
        FROM audit
        WHERE kind = 'tool_definition' AND mapContains(detail, 'definition_digest')
          AND kept_at >= {from:DateTime64(6, 'UTC')} - INTERVAL 30 DAY AND kept_at < {to:DateTime64(6, 'UTC')}
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
      ),
      variant AS (
        SELECT tenant, server, tool, version, key_id, digest, any(description) AS text, min(kept_at) AS first_at, max(kept_at) AS last_at,
          arraySlice(arraySort(groupUniqArray(subject)), 1, 50) AS subjects, argMin(toString(record_id), kept_at) AS record,
          max(suspicion) AS most, argMin(session, kept_at) AS session
        FROM told
        GROUP BY tenant, server, tool, version, key_id, digest
      )
    SELECT tenant, server, tool, version, toString(toUnixTimestamp64Micro({from:DateTime64(6, 'UTC')})) AS from,
      arraySlice(arraySort(v -> (v.3, v.1), groupArray((digest, text, toString(toUnixTimestamp64Micro(first_at)),
        toString(toUnixTimestamp64Micro(last_at)), subjects, record, most, session))), 1, 50) AS variants
    FROM variant
    GROUP BY tenant, server, tool, version, key_id
    HAVING count() > 1 AND max(first_at) >= {from:DateTime64(6, 'UTC')}
    ORDER BY tenant, server, tool, version, key_id
    LIMIT 1000`,

  judge(row): RowDraft | undefined {
    const variants = row.variants.map(variantOf)
    const newest = variants.at(-1)
    const before = variants.slice(0, -1)
    const [original] = before
    if (newest === undefined || original === undefined || newest.first < Number(row.from)) return undefined
    // Still shown to others after the new one appeared: two truths at once.
    const rival = before.find(
      ({ last, subjects }) => last > newest.first && !subjects.some((subject) => newest.subjects.includes(subject)),
    )
    const prose = newest.description !== (before.at(-1)?.description ?? '')
    const severity: Severity =
      newest.suspicion >= 0.5 && prose ? 'high' : prose || rival !== undefined ? 'medium' : 'low'
    const version = row.version === '' ? 'no version' : `version ${row.version}`
    const name = row.server === '' ? row.tool : `${row.tool} (${row.server})`
    const what = prose ? 'another description' : 'another schema or other annotations'
    return {
      anchor: JSON.stringify([row.server, row.tool, row.version, newest.digest]),
      session: newest.session,
      subject: newest.subjects.length === 1 ? (newest.subjects[0] ?? '') : '',
      server: row.server,
      tool: row.tool,
      severity,
      summary:
        rival === undefined
          ? `${name} has ${what} under the same ${version}`
          : `${name} shows ${what} to some while others still see the known one, under the same ${version}`,
      calls: [newest.record, (rival ?? before.at(-1) ?? original).record],
      score: {
        variants: variants.length,
        targeted: rival === undefined ? 0 : 1,
        prose_changed: prose ? 1 : 0,
        suspicion: newest.suspicion,
        known_seconds: Math.round((newest.first - original.first) / 1_000_000),
        history_days: 30,
      },
    }
  },
})

function variantOf([
  digest,
  description,
  first,
  last,
  subjects,
  record,
  suspicion,
  session,
]: Row['variants'][number]): Version {
  return {
    digest,
    description,
    first: Number(first),
    last: Number(last),
    subjects,
    record,
    suspicion: Number(suspicion),
    session,
  }
}
