#!/usr/bin/env bash
# Writes the SQL of our users to stdout; passwords come from files in a folder and leave it only as digests.
#   users.sh /run/secrets | clickhouse-client …
# watchkeeper_service   the roles: everything in our database, nothing beside it
# watchkeeper_reader    `watchkeeper sql`, the console's questions: reads
# watchkeeper_grafana   dashboards: reads; may change settings (readonly = 2), as the data source sets a time limit
set -euo pipefail
secrets="${1:?folder with clickhouse-service, clickhouse-reader, clickhouse-grafana}"
database="${WATCHKEEPER_CLICKHOUSE_DATABASE:-watchkeeper}"
[[ "$database" =~ ^[A-Za-z_][A-Za-z0-9_]{0,63}$ ]] || { echo "not the name of a database: $database" >&2; exit 64; }

cluster="${WATCHKEEPER_CLICKHOUSE_CLUSTER:-}"
[[ -z "$cluster" || "$cluster" =~ ^[A-Za-z_][A-Za-z0-9_]{0,63}$ ]] || { echo "not the name of a cluster: $cluster" >&2; exit 64; }
everywhere="${cluster:+ ON CLUSTER $cluster}"
# FINAL compares a day with itself alone, and not at all once it is one part; on a cluster subqueries of our views see all shards.
reads=", do_not_merge_across_partitions_select_final = 1${cluster:+, distributed_product_mode = 'global', prefer_global_in_and_join = 1}"

for name in clickhouse-service clickhouse-reader clickhouse-grafana; do
  [ -s "$secrets/$name" ] || { echo "no password in $secrets/$name" >&2; exit 66; }
done
digest() { tr -d '\n' <"$secrets/$1" | sha256sum | cut -d' ' -f1; }
user() { echo "CREATE USER IF NOT EXISTS $1$everywhere IDENTIFIED WITH sha256_hash BY '$2' $3;"
  echo "ALTER USER $1$everywhere IDENTIFIED WITH sha256_hash BY '$2' $3;"; }
service="$(digest clickhouse-service)" reader="$(digest clickhouse-reader)" grafana="$(digest clickhouse-grafana)"

user watchkeeper_service "$service" ''
echo "GRANT$everywhere SELECT, INSERT, ALTER, CREATE, DROP, TRUNCATE, OPTIMIZE ON $database.* TO watchkeeper_service;"
echo "GRANT$everywhere SELECT ON system.disks TO watchkeeper_service;"
user watchkeeper_reader "$reader" 'SETTINGS readonly = 2, max_execution_time = 60 MAX 300, max_memory_usage = 8000000000'"$reads"
echo "GRANT$everywhere SELECT ON $database.* TO watchkeeper_reader;"
user watchkeeper_grafana "$grafana" 'SETTINGS readonly = 2, max_execution_time = 30 MAX 60, max_memory_usage = 4000000000'"$reads"
echo "GRANT$everywhere SELECT ON $database.* TO watchkeeper_grafana;"
# How full the disks are, for the alert rules.
echo "GRANT$everywhere SELECT ON system.disks TO watchkeeper_grafana;"
