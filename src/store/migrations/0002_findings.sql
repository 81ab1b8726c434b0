-- What the later stages write. Each is append-only; a view shows the row that counts.
CREATE TABLE IF NOT EXISTS findings
(
    fingerprint UUID,
    detector LowCardinality(String),
    detector_version UInt32,
    tenant LowCardinality(String),
    severity LowCardinality(String),
    maturity LowCardinality(String),
    title String,
    summary String,
    session String,
    subject String,
    server String,
    tool String,
    anchor String,
    calls Array(String),
    steps String COMMENT 'JSON' CODEC(ZSTD(1)),
    matched String COMMENT 'JSON' CODEC(ZSTD(1)),
    score Map(String, Float64),
    tags String COMMENT 'JSON',
    at DateTime64(6, 'UTC'),
    found_at DateTime64(6, 'UTC'),
    precedence UInt64 MATERIALIZED 9223372036854775807 - toUInt64(toUnixTimestamp64Micro(found_at)),

    INDEX at_range at TYPE minmax GRANULARITY 1,
    INDEX found_at_range found_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(precedence)
ORDER BY (tenant, fingerprint)
COMMENT 'what detectors found; read the view finding';

CREATE VIEW IF NOT EXISTS finding AS
SELECT
    fingerprint, detector, detector_version, tenant, severity, maturity, title, summary, session, subject, server, tool,
    anchor, calls, steps, matched, score, tags, at, found_at
FROM findings FINAL
COMMENT 'each finding once, as it was first judged';

CREATE TABLE IF NOT EXISTS incidents
(
    incident_id UUID,
    tenant LowCardinality(String),
    version UInt32,
    status LowCardinality(String),
    maturity LowCardinality(String) COMMENT 'a trial incident is never delivered',
    severity LowCardinality(String),
    title String,
    summary String,
    session String,
    group_key String,
    findings Array(UUID),
    opened_at DateTime64(6, 'UTC'),
    updated_at DateTime64(6, 'UTC'),
    body String COMMENT 'JSON' CODEC(ZSTD(1)),

    INDEX updated_at_range updated_at TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
ORDER BY (incident_id, version)
COMMENT 'every version of every incident; the latest in the view incident';

CREATE VIEW IF NOT EXISTS incident AS
SELECT
    incident_id, tenant, version, status, maturity, severity, title, summary, session, group_key, findings, opened_at,
    updated_at, body
FROM incidents
ORDER BY incident_id, version DESC, updated_at
LIMIT 1 BY incident_id
COMMENT 'the latest version of each incident';

CREATE TABLE IF NOT EXISTS deliveries
(
    incident_id UUID,
    version UInt32,
    receiver LowCardinality(String),
    attempt UInt32,
    outcome LowCardinality(String) COMMENT 'delivered, retry or refused',
    status UInt32 COMMENT 'of HTTP; 0 where there was no answer',
    reason String,
    at DateTime64(6, 'UTC'),
    next_at DateTime64(6, 'UTC') COMMENT 'when the next attempt is due; 1970 where there is none'
)
ENGINE = MergeTree
ORDER BY (incident_id, version, receiver, attempt, at)
COMMENT 'every attempt to tell a receiver';

CREATE TABLE IF NOT EXISTS watermarks
(
    name String,
    position DateTime64(6, 'UTC'),
    detail String COMMENT 'JSON',
    at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(at)
ORDER BY name
COMMENT 'how far readers have come; the latest in the view watermark';

CREATE VIEW IF NOT EXISTS watermark AS
SELECT name, position, detail, at
FROM watermarks FINAL
COMMENT 'how far each reader has come';

CREATE TABLE IF NOT EXISTS not_evaluated
(
    tenant LowCardinality(String),
    session String,
    detector LowCardinality(String),
    input LowCardinality(String),
    because String,
    at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(at)
ORDER BY (tenant, session, detector, input)
COMMENT 'what a detector could not judge, and for want of what';

CREATE TABLE IF NOT EXISTS detector_runs
(
    detector LowCardinality(String),
    tenant LowCardinality(String),
    started_at DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    duration_us UInt64 CODEC(T64, ZSTD(1)),
    sessions UInt32,
    findings UInt32,
    outcome LowCardinality(String) COMMENT 'ok, error, timeout, over_budget or crowded_out',
    reason String
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(started_at)
ORDER BY (detector, started_at)
COMMENT 'how long detectors took, and how they ended';

CREATE TABLE IF NOT EXISTS pipeline_counters
(
    at DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    host LowCardinality(String),
    stage LowCardinality(String),
    name LowCardinality(String),
    reason LowCardinality(String),
    value UInt64 CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (stage, name, reason, host, at)
COMMENT 'our own counters, once a minute; they grow until a process ends';
