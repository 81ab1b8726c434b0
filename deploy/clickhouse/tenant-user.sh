#!/usr/bin/env bash
# Writes the SQL of a user who sees one tenant, wherever it reads: row policies stand on the tables, so they hold in every view.
#   tenant-user.sh TENANT PASSWORD_FILE | clickhouse-client …
# Once for each tenant, and again after an upgrade that brought tables (CHANGELOG.md). With WATCHKEEPER_CLICKHOUSE_CLUSTER for all servers of it. Give the user to a Grafana data source of the tenant's organisation. Not granted: tables without a tenant
# (our own counters, watermarks, runs of detectors, deliveries), so panels about them say that they are not allowed.
set -euo pipefail
tenant="${1:?tenant}" file="${2:?file with the password}"
database="${WATCHKEEPER_CLICKHOUSE_DATABASE:-watchkeeper}"
[[ "$tenant" =~ ^[a-z0-9_-]{1,64}$ ]] || { echo "not the name of a tenant: $tenant" >&2; exit 64; }
[[ "$database" =~ ^[A-Za-z_][A-Za-z0-9_]{0,63}$ ]] || { echo "not the name of a database: $database" >&2; exit 64; }
cluster="${WATCHKEEPER_CLICKHOUSE_CLUSTER:-}"
[[ -z "$cluster" || "$cluster" =~ ^[A-Za-z_][A-Za-z0-9_]{0,63}$ ]] || { echo "not the name of a cluster: $cluster" >&2; exit 64; }
everywhere="${cluster:+ ON CLUSTER $cluster}"
[ -s "$file" ] || { echo "no password in $file" >&2; exit 66; }
hash="$(tr -d '\n' <"$file" | sha256sum | cut -d' ' -f1)"
user="\`watchkeeper_tenant_$tenant\`"
settings='SETTINGS readonly = 2, max_execution_time = 30 MAX 60, max_memory_usage = 4000000000, do_not_merge_across_partitions_select_final = 1'
[ -n "$cluster" ] && settings="$settings, distributed_product_mode = 'global', prefer_global_in_and_join = 1"

# Every table with a column `tenant`; a test holds this list to the migrations.
tables=(
  activity_hours dead_letters destination_hours detector_runs events findings fingerprints incidents not_evaluated record_keys
  scope_hours scope_periods seen_hours seen_periods session_links silences tool_periods triage
)
# When hours, days and months were counted: no tenant's, and needed by the views of counts.
shared=(rollup_hours rollup_periods)
views=(
  activity audit dead_letter destinations finding fingerprint incident inventory open_hours records scopes seen session_of shadowed silence
  triage_action triage_state
)

# On a cluster the rows of a shard lie in tables of their own.
if [ -n "$cluster" ]; then
  tables+=("${tables[@]/%/_local}")
  shared+=("${shared[@]/%/_local}")
fi

echo "CREATE USER IF NOT EXISTS $user$everywhere IDENTIFIED WITH sha256_hash BY '$hash' $settings;"
echo "ALTER USER $user$everywhere IDENTIFIED WITH sha256_hash BY '$hash' $settings;"
for table in "${tables[@]}"; do
  # The second keeps all rows for everybody else, also where a server lets users without a policy read nothing.
  echo "CREATE ROW POLICY OR REPLACE \`watchkeeper_tenant_$tenant\`$everywhere ON $database.$table USING tenant = '$tenant' TO $user;"
done
for name in "${tables[@]}" "${shared[@]}" "${views[@]}"; do
  echo "GRANT$everywhere SELECT ON $database.$name TO $user;"
done
