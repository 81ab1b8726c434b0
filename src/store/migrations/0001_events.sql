-- Audit records as they came, each with the marks of the store. Read the views `audit` and `records`, not this table.
--
-- The engine keeps one row of those with the same sorting key: a retry of the same content has the same key. `precedence`
-- decides which: a row that is marked as shadowed, then the one stored first, so that no later row replaces evidence.
CREATE TABLE IF NOT EXISTS events
(
    tenant LowCardinality(String),
    owner LowCardinality(String),
    role LowCardinality(String),
    form LowCardinality(String),
    record_id UUID,
    content_hash UInt64,
    call_key UUID COMMENT 'shared by the records of one call; nil where there is none',
    session_key String COMMENT 'best session key of this record alone' CODEC(ZSTD(1)),
    session_source LowCardinality(String),
    kept_at DateTime64(6, 'UTC') COMMENT 'end of the event, clamped to its receipt: partition and expiry' CODEC(DoubleDelta, ZSTD(1)),
    received_at DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    stored_at DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    trusted Bool,
    attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    kind LowCardinality(String),
    event_id String CODEC(ZSTD(1)),
    started_at DateTime64(6, 'UTC') COMMENT 'as claimed by the producer' CODEC(DoubleDelta, ZSTD(1)),
    ended_at DateTime64(6, 'UTC') COMMENT 'as claimed by the producer' CODEC(DoubleDelta, ZSTD(1)),
    producer_id String CODEC(ZSTD(1)),
    sequence UInt64 CODEC(DoubleDelta, ZSTD(1)),
    previous_hash String CODEC(ZSTD(1)),
    hash String CODEC(ZSTD(1)),
    source LowCardinality(String),
    source_version LowCardinality(String),
    conversation_id String CODEC(ZSTD(1)),
    mcp_session_id String CODEC(ZSTD(1)),
    trace_id String CODEC(ZSTD(1)),
    span_id String CODEC(ZSTD(1)),
    parent_span_id String CODEC(ZSTD(1)),
    side LowCardinality(String),
    client_name LowCardinality(String) COMMENT 'self-reported, never identity',
    client_version LowCardinality(String),
    server_name LowCardinality(String) COMMENT 'self-reported, never identity',
    server_version LowCardinality(String),
    server_address LowCardinality(String),
    client_address String CODEC(ZSTD(1)),
    transport LowCardinality(String),
    protocol_version LowCardinality(String),
    subject LowCardinality(String) COMMENT 'who the token says the caller is',
    oauth_client_id LowCardinality(String),
    delegation Array(String) CODEC(ZSTD(1)),
    scopes Array(LowCardinality(String)),
    audience LowCardinality(String),
    issuer LowCardinality(String),
    token_fingerprint String CODEC(ZSTD(1)),
    method LowCardinality(String),
    request_id String CODEC(ZSTD(1)),
    tool LowCardinality(String),
    resource LowCardinality(String),
    prompt LowCardinality(String),
    claimed_class LowCardinality(String),
    outcome LowCardinality(String),
    error_type LowCardinality(String),
    rpc_code LowCardinality(String),
    scopes_requested Array(LowCardinality(String)),
    scopes_challenged Array(LowCardinality(String)),
    scopes_granted Array(LowCardinality(String)),
    decision LowCardinality(String),
    expected_audience LowCardinality(String),
    caused_by String CODEC(ZSTD(1)),
    arg_bytes UInt64 CODEC(T64, ZSTD(1)),
    arg_digest String CODEC(ZSTD(1)),
    arg_capture LowCardinality(String),
    arg_signals Map(LowCardinality(String), Float64),
    arg_secret_kinds Array(LowCardinality(String)),
    destinations Array(LowCardinality(String)),
    verbs Array(LowCardinality(String)),
    nouns Array(LowCardinality(String)),
    verb_hashes Array(String) CODEC(ZSTD(1)),
    result_bytes UInt64 CODEC(T64, ZSTD(1)),
    result_digest String CODEC(ZSTD(1)),
    result_capture LowCardinality(String),
    result_signals Map(LowCardinality(String), Float64),
    result_secret_kinds Array(LowCardinality(String)),
    orders String COMMENT 'JSON: what the sentences of a result ask for' CODEC(ZSTD(3)),
    delegates Bool,
    capture_version UInt32,
    capture_policy LowCardinality(String),
    key_id LowCardinality(String),
    detail Map(LowCardinality(String), String) CODEC(ZSTD(1)),

    shadow LowCardinality(String) DEFAULT '' COMMENT 'why another record stands for this one: duplicate, conflict, same_call; empty where none does',
    shadowed_by UUID DEFAULT toUUID('00000000-0000-0000-0000-000000000000') COMMENT 'the record that does',
    precedence UInt64 MATERIALIZED if(shadow = '', 0, 9223372036854775808) + (9223372036854775807 - toUInt64(toUnixTimestamp64Micro(stored_at))) CODEC(ZSTD(1)),

    INDEX kept_at_range kept_at TYPE minmax GRANULARITY 1,
    INDEX stored_at_range stored_at TYPE minmax GRANULARITY 1,
    INDEX trace_id_set trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX record_id_set record_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(precedence)
PARTITION BY toDate(kept_at)
ORDER BY (tenant, toStartOfFifteenMinutes(kept_at), session_key, kept_at, record_id, content_hash)
SETTINGS non_replicated_deduplication_window = 100, ttl_only_drop_parts = 1
COMMENT 'audit records as they came; read the views audit and records';

-- The values of a record as keyed hashes, up to five rows each: of its arguments and its result, those that are weak
-- (can be enumerated by whoever holds the keys) apart, because they expire first: by partition, so whole parts go. Of the
-- sentences of a result only the weak ones stand here, the others in the event.
CREATE TABLE IF NOT EXISTS fingerprints
(
    tenant LowCardinality(String),
    session_key String CODEC(ZSTD(1)),
    kept_at DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    record_id UUID,
    content_hash UInt64,
    place LowCardinality(String) COMMENT 'argument, result, or order: a sentence of a result',
    weak Bool,
    key_id LowCardinality(String) COMMENT 'values made with different keys cannot be compared',
    kinds Array(LowCardinality(String)),
    hashes Array(UInt64),
    leaves Array(UInt32) COMMENT 'which leaf of the value it stood in',
    positions Array(UInt32) COMMENT 'place in the list of the record; of an order also which sentence and list',

    INDEX hash_set hashes TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX kept_at_range kept_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY (toDate(kept_at), weak)
ORDER BY (tenant, toStartOfFifteenMinutes(kept_at), session_key, kept_at, record_id, content_hash, place, weak)
SETTINGS non_replicated_deduplication_window = 100, ttl_only_drop_parts = 1
COMMENT 'keyed hashes of values; one row a value in the view fingerprint';

-- Every variant of a record under its record id and, where it has one, its call key: where writers look whether what they
-- wrote is there already. By hour first, because copies almost always arrive together; the sweep looks at all hours.
CREATE TABLE IF NOT EXISTS record_keys
(
    key UUID COMMENT 'record_id, or call_key',
    tenant LowCardinality(String),
    session_key String CODEC(ZSTD(1)),
    kept_at DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    record_id UUID,
    content_hash UInt64,
    call_key UUID,
    form LowCardinality(String),
    role LowCardinality(String),
    side LowCardinality(String),
    owner LowCardinality(String),
    stored_at DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    precedence UInt64 MATERIALIZED 9223372036854775807 - toUInt64(toUnixTimestamp64Micro(stored_at)) CODEC(ZSTD(1)),

    INDEX stored_at_range stored_at TYPE minmax GRANULARITY 4
)
ENGINE = ReplacingMergeTree(precedence)
PARTITION BY toDate(kept_at)
ORDER BY (toStartOfHour(kept_at), key, record_id, content_hash, kept_at)
SETTINGS index_granularity = 512, non_replicated_deduplication_window = 100, ttl_only_drop_parts = 1
COMMENT 'which records are copies or other sides of each other';

-- Two session keys seen on one record, told from both ends. Keys of one kind are never linked: two conversations stay two.
CREATE TABLE IF NOT EXISTS session_links
(
    tenant LowCardinality(String),
    key String,
    other String,
    stronger Bool COMMENT 'other is the stronger of the two',
    rank UInt8 COMMENT 'of other: 1 conversation, 2 MCP session, 3 handle, 4 trace',
    hearsay SimpleAggregateFunction(min, Bool) COMMENT 'said by a key of a server only',
    first_at SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_at SimpleAggregateFunction(max, DateTime64(6, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant, key, stronger, rank, other)
COMMENT 'which session keys mean the same session';

CREATE TABLE IF NOT EXISTS dead_letters
(
    id UUID,
    tenant LowCardinality(String),
    owner LowCardinality(String),
    role LowCardinality(String),
    stage LowCardinality(String),
    reason LowCardinality(String),
    explanation String CODEC(ZSTD(1)),
    at DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    body String COMMENT 'enough to replay it, after capture' CODEC(ZSTD(3)),
    signal LowCardinality(String),
    precedence UInt64 MATERIALIZED 9223372036854775807 - toUInt64(toUnixTimestamp64Micro(at)),

    INDEX at_range at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(precedence)
ORDER BY (tenant, id)
COMMENT 'records that were not understood, with the reason';
