import { listed, type Policy, queryDetector, type RowDraft, type Severity } from '#detector'

/**
 * A local server runs with the rights of whoever starts it. How it runs is told once by the SDK or the tap when a connection opens
 * (`posture_*`: user, container, seccomp, capabilities, network, writable home). A state is told once a week, and at once when it gets
 * worse: the same laptop every morning is no news.
 */
const history = '7 DAY'

interface Row {
  readonly tenant: string
  readonly server: string
  readonly subject: string
  readonly uid: string
  readonly container: string
  readonly seccomp: string
  readonly capabilities: string
  readonly network: string
  readonly home: string
  readonly session: string
  readonly records: readonly string[]
  readonly times: string
}

export default queryDetector<Row>({
  about: {
    title: 'A local server runs with more rights than it should',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0105'], mcp: ['MCP05:2025'], asi: ['ASI05'] },
    needs: [],
    version: 1,
  },
  everySeconds: 3_600,
  settleSeconds: 120,

  sql: `
    WITH
      opened AS (
        SELECT tenant, server_name AS server, subject, session, record_id, kept_at,
          detail['posture_uid'] AS uid, detail['posture_container'] AS container, detail['posture_seccomp'] AS seccomp,
          detail['posture_capabilities'] AS capabilities, detail['posture_network'] AS network,
          detail['posture_home_writable'] AS home
        FROM audit
        WHERE kind = 'connection' AND mapContains(detail, 'posture_platform')
          AND kept_at >= {from:DateTime64(6, 'UTC')} - INTERVAL ${history} AND kept_at < {to:DateTime64(6, 'UTC')}
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
      )
    SELECT tenant, server, uid, container, seccomp, capabilities, network, home,
      any(subject) AS subject, any(session) AS session,
      arraySlice(arraySort(groupArray(toString(record_id))), 1, 5) AS records, count() AS times
    FROM opened
    GROUP BY tenant, server, uid, container, seccomp, capabilities, network, home
    HAVING min(kept_at) >= {from:DateTime64(6, 'UTC')}
    ORDER BY tenant, server, uid, container, seccomp, capabilities, network, home
    LIMIT 1000`,

  judge(row, policy) {
    const faults = faultsOf(row)
    if (faults.length === 0) return undefined
    return draftOf(row, faults, severityOf(row, faults, policy))
  },
})

interface Fault {
  readonly name: string
  readonly says: string
}

function faultsOf(row: Row): Fault[] {
  const open = row.container === 'none' || row.container === ''
  const rules: readonly (readonly [name: string, holds: boolean, says: string])[] = [
    ['root', row.uid === '0', 'as root'],
    ['no_box', row.container === 'none', 'in no container'],
    ['no_seccomp', open && row.seccomp === 'off', 'without a filter of system calls'],
    ['all_capabilities', row.capabilities === 'all', 'with every capability'],
    ['host_network', row.network === 'host', 'on the machine’s network'],
    ['writable_home', open && row.home === 'yes', 'with a writable home folder'],
  ]
  return rules.flatMap(([name, holds, says]) => (holds ? [{ name, says }] : []))
}

function severityOf({ server, uid, capabilities, container }: Row, faults: readonly Fault[], policy: Policy): Severity {
  const boxless = container === 'none'
  if (policy.mustBeSandboxed(server) && (boxless || uid === '0' || capabilities === 'all')) return 'high'
  if (uid === '0' && (boxless || capabilities === 'all')) return 'medium'
  // That a developer's server runs as the developer is how most of them run today.
  return faults.length >= 2 ? 'low' : 'info'
}

function draftOf(row: Row, faults: readonly Fault[], severity: Severity): RowDraft {
  const { server, uid, container, seccomp, capabilities, network, home } = row
  return {
    anchor: JSON.stringify([server, uid, container, seccomp, capabilities, network, home]),
    session: row.session,
    subject: row.subject,
    server,
    tool: '',
    severity,
    summary: `${server || 'a local server'} runs ${listed(
      faults.map(({ says }) => says),
      6,
    )}`,
    calls: row.records,
    score: {
      ...Object.fromEntries(faults.map(({ name }) => [name, 1])),
      connections: Number(row.times),
      history_days: 7,
    },
  }
}
