-- What is known of all time (scopes, inventory) was counted from hours: nearly as many rows as records where everybody uses everything. Hours
-- of days that are over are now summed up by day, and days by month. Both are recomputed and replaced like hours, when an hour of theirs was.
CREATE TABLE IF NOT EXISTS rollup_periods
(
    period LowCardinality(String) COMMENT 'day or month',
    start Date,
    ends Date COMMENT 'the first day after it',
    generation DateTime64(6, 'UTC'),
    days Array(Date) COMMENT 'of a month: the days that it holds so far; the hours of others stand for themselves'
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (period, start)
COMMENT 'when each day and month was last computed';

CREATE TABLE IF NOT EXISTS scope_periods
(
    tenant LowCardinality(String),
    period LowCardinality(String),
    start Date,
    ends Date,
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
PARTITION BY (period, toYYYYMM(start))
ORDER BY (tenant, start, subject, oauth_client_id, server_name, scope)
COMMENT 'records that show a scope, by day and by month; the ledger is the view scopes';

CREATE TABLE IF NOT EXISTS seen_periods
(
    tenant LowCardinality(String),
    period LowCardinality(String),
    start Date,
    ends Date,
    generation DateTime64(6, 'UTC'),
    subject LowCardinality(String),
    server_name LowCardinality(String),
    server_address LowCardinality(String),
    command_line LowCardinality(String),
    command_digest LowCardinality(String),
    tool LowCardinality(String),
    claimed_class LowCardinality(String),
    calls UInt64,
    done UInt64,
    refused UInt64,
    verbs Array(LowCardinality(String)),
    done_verbs Array(LowCardinality(String)),
    first_at DateTime64(6, 'UTC'),
    last_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY (period, toYYYYMM(start))
ORDER BY (tenant, start, subject, server_name, server_address, command_line, command_digest, tool, claimed_class)
COMMENT 'servers, tools and their users, by day and by month; read the view seen';

CREATE TABLE IF NOT EXISTS tool_periods
(
    tenant LowCardinality(String),
    period LowCardinality(String),
    start Date,
    ends Date,
    generation DateTime64(6, 'UTC'),
    server_name LowCardinality(String),
    server_version LowCardinality(String),
    tool LowCardinality(String),
    calls UInt64,
    subjects AggregateFunction(uniqExact, LowCardinality(String)),
    first_hour DateTime('UTC'),
    last_hour DateTime('UTC')
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY (period, toYYYYMM(start))
ORDER BY (tenant, start, server_name, server_version, tool)
COMMENT 'tools as they were used, by day and by month; read the view inventory';

CREATE VIEW IF NOT EXISTS open_hours AS
SELECT hour, generation
FROM rollup_hours FINAL
WHERE toDate(hour) NOT IN (SELECT arrayJoin(days) FROM rollup_periods FINAL WHERE period = 'month')
COMMENT 'hours that no month holds yet';

-- What is being computed right now has newer rows than its last generation, and they take the place of the older ones: those count as well, or
-- all that a month knows would be gone until it is done, and detectors would find everything new.
CREATE OR REPLACE VIEW scopes AS
SELECT
    tenant, subject, oauth_client_id, server_name, scope,
    sum(held) AS held, sum(requested) AS requested, sum(challenged) AS challenged, sum(granted) AS granted,
    min(first_at) AS first_at, max(last_at) AS last_at
FROM
(
    SELECT tenant, subject, oauth_client_id, server_name, scope, held, requested, challenged, granted, first_at, last_at
    FROM scope_periods AS p FINAL
    INNER JOIN (SELECT start AS month, generation AS latest FROM rollup_periods FINAL WHERE period = 'month') AS l ON l.month = p.start
    WHERE p.period = 'month' AND p.generation >= l.latest
    UNION ALL
    SELECT tenant, subject, oauth_client_id, server_name, scope, held, requested, challenged, granted, first_at, last_at
    FROM scope_hours AS h FINAL
    INNER JOIN (SELECT hour AS open, generation AS latest FROM open_hours) AS l ON l.open = h.hour
    WHERE h.hour IN (SELECT hour FROM open_hours) AND h.generation >= l.latest
)
GROUP BY tenant, subject, oauth_client_id, server_name, scope
COMMENT 'which scopes a subject was seen with on a server, since when, and how it came by them';

CREATE OR REPLACE VIEW seen AS
SELECT
    tenant, subject, server_name, server_address, command_line, command_digest, tool, claimed_class,
    sum(calls) AS calls, sum(done) AS done, sum(refused) AS refused,
    arraySort(groupUniqArrayArray(32)(verbs)) AS verbs, arraySort(groupUniqArrayArray(32)(done_verbs)) AS done_verbs,
    min(first_at) AS first_at, max(last_at) AS last_at
FROM
(
    SELECT
        tenant, subject, server_name, server_address, command_line, command_digest, tool, claimed_class, calls, done, refused,
        verbs, done_verbs, first_at, last_at
    FROM seen_periods AS p FINAL
    INNER JOIN (SELECT start AS month, generation AS latest FROM rollup_periods FINAL WHERE period = 'month') AS l ON l.month = p.start
    WHERE p.period = 'month' AND p.generation >= l.latest
    UNION ALL
    SELECT
        tenant, subject, server_name, server_address, command_line, command_digest, tool, claimed_class, calls, done, refused,
        verbs, done_verbs, first_at, last_at
    FROM seen_hours AS h FINAL
    INNER JOIN (SELECT hour AS open, generation AS latest FROM open_hours) AS l ON l.open = h.hour
    WHERE h.hour IN (SELECT hour FROM open_hours) AND h.generation >= l.latest
)
GROUP BY tenant, subject, server_name, server_address, command_line, command_digest, tool, claimed_class
COMMENT 'the inventory: servers, tools and their users, since when, and what they say of themselves';

CREATE OR REPLACE VIEW inventory AS
SELECT
    tenant, server_name, server_version, tool, sum(calls) AS calls, uniqExactMerge(users) AS subjects,
    min(first_hour) AS first_hour, max(last_hour) AS last_hour
FROM
(
    SELECT tenant, server_name, server_version, tool, calls, subjects AS users, first_hour, last_hour
    FROM tool_periods AS p FINAL
    INNER JOIN (SELECT start AS month, generation AS latest FROM rollup_periods FINAL WHERE period = 'month') AS l ON l.month = p.start
    WHERE p.period = 'month' AND p.generation >= l.latest
    UNION ALL
    SELECT
        tenant, server_name, server_version, tool, sum(activity.calls), uniqExactState(subject), min(hour), max(hour)
    FROM activity
    WHERE hour IN (SELECT hour FROM open_hours)
    GROUP BY tenant, server_name, server_version, tool
)
GROUP BY tenant, server_name, server_version, tool
COMMENT 'servers and their tools as they were used';

-- Records of one session lie together within a quarter of an hour: days without it are not read. Parts that were there before have it from
-- their next merge on; to have it at once: ALTER TABLE events MATERIALIZE INDEX session_set.
ALTER TABLE events ADD INDEX IF NOT EXISTS session_set session_key TYPE bloom_filter(0.01) GRANULARITY 1;

-- A day that got nothing for an hour becomes one part: FINAL has nothing to compare in it, which is most of the time of a look at a week.
ALTER TABLE events MODIFY SETTING min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;
ALTER TABLE fingerprints MODIFY SETTING min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;
