import { listed, queryDetector, type RowDraft, type Severity } from '#detector'

/**
 * The records themselves are what an attacker goes for next. Each producer numbers its records and chains their hashes, so that
 * one that is missing, repeated or changed shows; a second content under a known id, and a clock that runs ahead, show as well.
 */
interface Row {
  readonly tenant: string
  readonly owner: string
  readonly producer: string
  readonly server: string
  readonly subject: string
  readonly records: readonly string[]
  readonly total: string
  readonly missing: string
  readonly repeated: string
  readonly unchained: string
  readonly altered: string
  readonly ahead: string
  readonly conflicts: string
}

export default queryDetector<Row>({
  about: {
    title: 'The evidence has a gap',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: [], mcp: ['MCP08:2025'], asi: ['ASI08'] },
    needs: [],
    version: 2,
  },
  everySeconds: 600,
  // Records that waited in a queue or were retried come late, and fill the gap by themselves.
  settleSeconds: 600,

  sql: `
    WITH
      here AS (
        SELECT DISTINCT tenant, owner, producer_id
        FROM records
        WHERE kept_at >= {from:DateTime64(6, 'UTC')} AND kept_at < {to:DateTime64(6, 'UTC')} AND producer_id != ''
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
      ),
      numbered AS (
        SELECT tenant, owner, producer_id, sequence, record_id, kept_at, received_at, ended_at, hash, previous_hash, server_name, subject,
          attributes['receive.chain'] AS chain, lagInFrame(sequence) OVER before AS before, lagInFrame(hash) OVER before AS before_hash
        FROM records
        -- A number is given when a record is made, its time is the call's end: at a window's edge they may be in another order.
        WHERE kept_at >= {from:DateTime64(6, 'UTC')} - INTERVAL 1 DAY AND kept_at < {to:DateTime64(6, 'UTC')} + INTERVAL 5 MINUTE
          AND (tenant, owner, producer_id) IN (SELECT tenant, owner, producer_id FROM here) AND sequence > 0
        WINDOW before AS (PARTITION BY tenant, owner, producer_id ORDER BY sequence, kept_at, record_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
      ),
      faults AS (
        SELECT tenant, owner, producer_id, server_name, subject, record_id,
          if(before > 0 AND sequence > before + 1, sequence - before - 1, 0) AS missing,
          before = sequence AS repeated,
          sequence = before + 1 AND previous_hash != '' AND before_hash != '' AND previous_hash != before_hash AS unchained,
          chain = 'broken' AS altered, ended_at > received_at + INTERVAL 5 MINUTE AS ahead, 0 AS conflict
        FROM numbered
        WHERE kept_at >= {from:DateTime64(6, 'UTC')} AND kept_at < {to:DateTime64(6, 'UTC')}
        UNION ALL
        SELECT r.tenant, r.owner, r.producer_id, r.server_name, r.subject, r.record_id, 0, 0, 0, 0, 0, 1
        FROM (
          SELECT DISTINCT tenant, record_id
          FROM shadowed
          WHERE reason = 'conflict' AND kept_at >= {from:DateTime64(6, 'UTC')} AND kept_at < {to:DateTime64(6, 'UTC')}
            AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
        ) AS s
        INNER JOIN records AS r ON r.tenant = s.tenant AND r.record_id = s.record_id
        WHERE r.kept_at >= {from:DateTime64(6, 'UTC')} - INTERVAL 8 DAY AND r.kept_at < {to:DateTime64(6, 'UTC')} + INTERVAL 1 HOUR
      )
    SELECT tenant, owner, producer_id AS producer, any(server_name) AS server, any(subject) AS subject, count() AS total,
      sum(faults.missing) AS missing, sum(faults.repeated) AS repeated, sum(faults.unchained) AS unchained, sum(faults.altered) AS altered,
      sum(faults.ahead) AS ahead, sum(faults.conflict) AS conflicts,
      arraySlice(arraySort(groupUniqArrayIf(toString(record_id), faults.missing + faults.repeated + faults.unchained + faults.altered + faults.ahead + faults.conflict > 0)), 1, 20) AS records
    FROM faults
    GROUP BY tenant, owner, producer_id
    HAVING missing + repeated + unchained + altered + ahead + conflicts > 0
    ORDER BY tenant, owner, producer
    LIMIT 1000`,

  judge(row): RowDraft {
    const count = (name: keyof Row): number => Number(row[name])
    const faults: readonly (readonly [count: number, says: string, severity: Severity])[] = [
      [count('conflicts'), 'sent again under a known id with other content', 'high'],
      [count('altered'), 'not what their producer hashed', 'high'],
      // A number that was used twice breaks the two links beside it by itself.
      [Math.max(0, count('unchained') - 2 * count('repeated')), 'not chained to the one before', 'high'],
      [count('repeated'), 'under a number that was used', 'medium'],
      [count('missing'), 'missing between others', 'medium'],
      [count('ahead'), 'from a clock that runs ahead', 'low'],
    ]
    const found = faults.filter(([number]) => number > 0)
    const said = found.map(([number, says]) => `${number} ${says}`)
    return {
      anchor: JSON.stringify([row.owner, row.producer]),
      session: '',
      subject: row.subject,
      server: row.server,
      tool: '',
      severity: found[0]?.[2] ?? 'low',
      summary: `Records of producer ${row.producer} (key of ${row.owner}): ${listed(said, 6)}`,
      calls: row.records,
      score: Object.fromEntries(
        (['total', 'conflicts', 'altered', 'unchained', 'repeated', 'missing', 'ahead'] as const).map((name) => [
          name,
          count(name),
        ]),
      ),
    }
  },
})
