-- Counts by hour. A whole hour is recomputed from `audit` and replaced when something of it was written, so a copy can
-- never count twice. `generation` is when an hour was computed; the views show the latest generation of each hour.
CREATE TABLE IF NOT EXISTS dirty_hours
(
    hour DateTime('UTC'),
    marked_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(marked_at)
ORDER BY hour
COMMENT 'hours with new records';

CREATE TABLE IF NOT EXISTS rollup_hours
(
    hour DateTime('UTC'),
    generation DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY hour
COMMENT 'when each hour was last computed';

CREATE TABLE IF NOT EXISTS activity_hours
(
    tenant LowCardinality(String),
    hour DateTime('UTC'),
    generation DateTime64(6, 'UTC'),
    subject LowCardinality(String),
    client_name LowCardinality(String),
    server_name LowCardinality(String),
    server_version LowCardinality(String),
    kind LowCardinality(String),
    method LowCardinality(String),
    tool LowCardinality(String),
    outcome LowCardinality(String),
    calls UInt64,
    arg_bytes UInt64,
    result_bytes UInt64,
    duration_us AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), UInt64)
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant, hour, subject, client_name, server_name, server_version, kind, method, tool, outcome)
COMMENT 'who used what, by hour; read the view activity';

CREATE VIEW IF NOT EXISTS activity AS
SELECT
    tenant, hour, subject, client_name, server_name, server_version, kind, method, tool, outcome, calls, arg_bytes,
    result_bytes, duration_us
FROM activity_hours FINAL
WHERE (hour, generation) IN (SELECT hour, generation FROM rollup_hours FINAL)
COMMENT 'who used what, by hour; duration_us: quantilesTDigestMerge(0.5, 0.95, 0.99)(duration_us)';

CREATE TABLE IF NOT EXISTS destination_hours
(
    tenant LowCardinality(String),
    hour DateTime('UTC'),
    generation DateTime64(6, 'UTC'),
    subject LowCardinality(String),
    server_name LowCardinality(String),
    tool LowCardinality(String),
    destination String,
    calls UInt64,
    arg_bytes UInt64
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant, hour, subject, server_name, tool, destination)
COMMENT 'hosts and address domains that arguments name, by hour; read the view destinations';

CREATE VIEW IF NOT EXISTS destinations AS
SELECT tenant, hour, subject, server_name, tool, destination, calls, arg_bytes
FROM destination_hours FINAL
WHERE (hour, generation) IN (SELECT hour, generation FROM rollup_hours FINAL)
COMMENT 'hosts and address domains that arguments name, by hour';

CREATE TABLE IF NOT EXISTS scope_hours
(
    tenant LowCardinality(String),
    hour DateTime('UTC'),
    generation DateTime64(6, 'UTC'),
    subject LowCardinality(String),
    oauth_client_id LowCardinality(String),
    server_name LowCardinality(String),
    scope LowCardinality(String),
    held UInt64,
    requested UInt64,
    challenged UInt64,
    granted UInt64,
    first_at DateTime64(6, 'UTC'),
    last_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant, hour, subject, oauth_client_id, server_name, scope)
COMMENT 'records that show a scope, by hour; the ledger is the view scopes';

CREATE VIEW IF NOT EXISTS scopes AS
SELECT
    tenant, subject, oauth_client_id, server_name, scope,
    sum(held) AS held, sum(requested) AS requested, sum(challenged) AS challenged, sum(granted) AS granted,
    min(first_at) AS first_at, max(last_at) AS last_at
FROM scope_hours FINAL
WHERE (hour, generation) IN (SELECT hour, generation FROM rollup_hours FINAL)
GROUP BY tenant, subject, oauth_client_id, server_name, scope
COMMENT 'which scopes a subject was seen with on a server, since when, and how it came by them';

CREATE VIEW IF NOT EXISTS inventory AS
SELECT
    tenant, server_name, server_version, tool, sum(activity.calls) AS calls, uniqExact(subject) AS subjects,
    min(hour) AS first_hour, max(hour) AS last_hour
FROM activity
GROUP BY tenant, server_name, server_version, tool
COMMENT 'servers and their tools as they were used';
