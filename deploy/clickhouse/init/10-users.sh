#!/usr/bin/env bash
# Run once by the image of ClickHouse, on an empty data folder. For a later change of passwords: users.sh | clickhouse-client.
set -euo pipefail
bash /watchkeeper/users.sh /run/secrets | clickhouse-client --host 127.0.0.1 --user "$CLICKHOUSE_USER" --password "$CLICKHOUSE_PASSWORD" --multiquery
