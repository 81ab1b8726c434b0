-- What has been seen of servers, tools and who used them, with all that says what they are: where a server was met, what a tool
-- claims of itself, what its calls did. By hour, recomputed like the other rollups.
CREATE TABLE IF NOT EXISTS seen_hours
(
    tenant LowCardinality(String),
    hour DateTime('UTC'),
    generation DateTime64(6, 'UTC'),
    subject LowCardinality(String),
    server_name LowCardinality(String),
    server_address LowCardinality(String),
    command_line LowCardinality(String),
    command_digest LowCardinality(String),
    tool LowCardinality(String),
    claimed_class LowCardinality(String),
    calls UInt64,
    done UInt64 COMMENT 'calls that came out well',
    refused UInt64,
    verbs Array(LowCardinality(String)),
    done_verbs Array(LowCardinality(String)) COMMENT 'of the calls that came out well',
    first_at DateTime64(6, 'UTC'),
    last_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant, hour, subject, server_name, server_address, command_line, command_digest, tool, claimed_class)
COMMENT 'servers, tools and their users with what they say of themselves, by hour; read the view seen';

CREATE VIEW IF NOT EXISTS seen AS
SELECT
    tenant, subject, server_name, server_address, command_line, command_digest, tool, claimed_class,
    sum(calls) AS calls, sum(done) AS done, sum(refused) AS refused,
    arraySort(groupUniqArrayArray(32)(verbs)) AS verbs, arraySort(groupUniqArrayArray(32)(done_verbs)) AS done_verbs,
    min(first_at) AS first_at, max(last_at) AS last_at
FROM seen_hours FINAL
WHERE (hour, generation) IN (SELECT hour, generation FROM rollup_hours FINAL)
GROUP BY tenant, subject, server_name, server_address, command_line, command_digest, tool, claimed_class
COMMENT 'the inventory: servers, tools and their users, since when, and what they say of themselves';

-- Hours that were computed before have no such rows yet: all of them are new again.
INSERT INTO dirty_hours (hour, marked_at) SELECT DISTINCT hour, now64(6, 'UTC') FROM rollup_hours;
