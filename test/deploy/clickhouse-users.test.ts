/** The SQL that the scripts of deploy/clickhouse write, parsed by the engine; it has no users to be made in. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fromRoot } from '../support/root.js'
import { openTestStore } from '../support/store.js'
import { outcome, without } from '../support/tools.js'

const secrets = mkdtempSync(join(tmpdir(), 'watchkeeper-users-'))
after(() => rmSync(secrets, { recursive: true }))
const passwords = ['clickhouse-service', 'clickhouse-reader', 'clickhouse-grafana', 'tenant'].map((name) => {
  writeFileSync(join(secrets, name), `word-of-${name}\n`)
  return `word-of-${name}`
})

const script = (name: string, ...args: string[]) => outcome('bash', [fromRoot(`deploy/clickhouse/${name}`), ...args])
const statements = (sql: string): readonly string[] =>
  sql
    .split(/;\n/)
    .map((one) => one.trim())
    .filter((one) => one !== '')

async function written(name: string, ...args: string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await script(name, ...args)
  assert.equal(code, 0, stderr)
  for (const password of passwords) assert.ok(!stdout.includes(password), 'no password is in the SQL')
  return statements(stdout)
}

describe('users of ClickHouse', { skip: await without('bash', 'sha256sum') }, () => {
  it('are made by statements that the engine understands', async (t) => {
    const store = await openTestStore(t)
    const all = [
      ...(await written('users.sh', secrets)),
      ...(await written('tenant-user.sh', 'acme-eu', join(secrets, 'tenant'))),
    ]
    assert.ok(all.length > 40)
    // What every reader of ours needs to be quick: nothing crosses days.
    for (const statement of all.filter((one) => /readonly = 2/.test(one)))
      assert.match(statement, /do_not_merge_across_partitions_select_final = 1/)
    for (const statement of all) await store.query(`EXPLAIN AST ${statement}`)
    await assert.rejects(store.query('EXPLAIN AST CREATE ROW POLICY x ON a.b USNG 1 TO y'), 'the engine would say')
  })

  it('of a tenant have a row policy on every table with a tenant, and see nothing else but our views', async (t) => {
    const store = await openTestStore(t)
    const names = async (condition: string) =>
      (
        await store.query<{ name: string }>(
          `SELECT name FROM system.tables WHERE database = currentDatabase() AND ${condition} ORDER BY name`,
        )
      ).map(({ name }) => name)
    const hasTenant = `name IN (SELECT table FROM system.columns WHERE database = currentDatabase() AND name = 'tenant')`
    const tables = await names(`engine LIKE '%MergeTree' AND ${hasTenant}`)
    const views = await names(`engine = 'View' AND ${hasTenant}`)
    const all = await written('tenant-user.sh', 'acme-eu', join(secrets, 'tenant'))
    const found = (pattern: RegExp) => all.flatMap((one) => pattern.exec(one)?.[1] ?? []).sort()
    const policies = found(
      /^CREATE ROW POLICY OR REPLACE `watchkeeper_tenant_acme-eu` ON watchkeeper\.(\w+) USING tenant = 'acme-eu' TO `watchkeeper_tenant_acme-eu`$/,
    )
    assert.deepEqual(policies, tables, 'deploy/clickhouse/tenant-user.sh lists the tables that have a tenant')
    assert.deepEqual(
      found(/^GRANT SELECT ON watchkeeper\.(\w+) TO `watchkeeper_tenant_acme-eu`$/),
      [...tables, 'rollup_hours', 'rollup_periods', ...views, 'open_hours'].sort(),
    )
  })

  it('are made on all servers of a cluster, with a policy on the rows of each shard', async (t) => {
    const store = await openTestStore(t)
    const env = { ...process.env, WATCHKEEPER_CLICKHOUSE_CLUSTER: 'audit' }
    const run = async (name: string, ...args: string[]) => {
      const { code, stdout, stderr } = await outcome('bash', [fromRoot(`deploy/clickhouse/${name}`), ...args], { env })
      assert.equal(code, 0, stderr)
      return statements(stdout)
    }
    const all = [...(await run('users.sh', secrets)), ...(await run('tenant-user.sh', 'acme', join(secrets, 'tenant')))]
    for (const statement of all) {
      assert.match(statement, / ON CLUSTER audit /)
      await store.query(`EXPLAIN AST ${statement}`)
    }
    assert.ok(all.some((one) => /^CREATE ROW POLICY .* ON watchkeeper\.events_local USING tenant = 'acme'/.test(one)))
    assert.ok(all.some((one) => one.includes("distributed_product_mode = 'global'")))
  })

  it('are not made for what is no name of a tenant', async () => {
    for (const tenant of ["a' OR 1", 'A', '', 'x'.repeat(65)]) {
      const { code, stdout } = await script('tenant-user.sh', tenant, join(secrets, 'tenant'))
      assert.notEqual(code, 0, tenant)
      assert.equal(stdout, '')
    }
  })

  it('are not made with an empty password', async () => {
    writeFileSync(join(secrets, 'empty'), '')
    for (const [name, ...args] of [
      ['users.sh', join(secrets, 'nowhere')],
      ['tenant-user.sh', 'acme', join(secrets, 'empty')],
    ]) {
      const { code, stdout } = await script(String(name), ...args)
      assert.notEqual(code, 0)
      assert.equal(stdout, '')
    }
  })

  it('can only read, but the one of the roles', async () => {
    for (const statement of await written('users.sh', secrets)) {
      const [, rights = '', user = ''] = /^GRANT (.*) ON .* TO (\w+)$/.exec(statement) ?? []
      if (rights !== '' && user !== 'watchkeeper_service') assert.equal(rights, 'SELECT', statement)
      if (/^CREATE USER/.test(statement) && !statement.includes('watchkeeper_service'))
        assert.match(statement, /readonly = 2/)
    }
  })
})
