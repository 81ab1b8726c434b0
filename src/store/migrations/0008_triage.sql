-- What people did with incidents, and what they asked not to be told of for a while. Append-only; views show what holds now.
CREATE TABLE IF NOT EXISTS triage
(
    action_id UUID,
    tenant LowCardinality(String),
    incident_id UUID,
    version UInt32 COMMENT 'of the incident, as the person saw it',
    action LowCardinality(String) COMMENT 'acknowledge, assign, comment, resolve, reopen, verdict or exclude',
    value String COMMENT 'assignee, verdict or exclusion',
    text String COMMENT 'what the person wrote' CODEC(ZSTD(1)),
    actor String,
    by LowCardinality(String) COMMENT 'person, api_key or command',
    at DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (tenant, incident_id, at, action_id)
COMMENT 'who did what with an incident; read the view triage_action';

CREATE VIEW IF NOT EXISTS triage_action AS
SELECT action_id, tenant, incident_id, version, action, value, text, actor, by, at
FROM triage
ORDER BY tenant, incident_id, at, action_id
LIMIT 1 BY action_id
COMMENT 'each action once';

CREATE VIEW IF NOT EXISTS triage_state AS
SELECT
    tenant, incident_id,
    argMaxIf(action, (at, action_id), action IN ('acknowledge', 'resolve', 'reopen')) AS last_step,
    argMaxIf(action_id, (at, action_id), action IN ('acknowledge', 'resolve', 'reopen')) AS last_step_id,
    argMaxIf(version, (at, action_id), action IN ('acknowledge', 'resolve', 'reopen')) AS last_step_version,
    argMaxIf(actor, (at, action_id), action IN ('acknowledge', 'resolve', 'reopen')) AS last_step_actor,
    maxIf(at, action IN ('acknowledge', 'resolve', 'reopen')) AS last_step_at,
    argMaxIf(value, (at, action_id), action = 'assign') AS assignee,
    argMaxIf(value, (at, action_id), action = 'verdict') AS verdict,
    minIf(at, action = 'acknowledge') AS first_acknowledged_at,
    countIf(action = 'comment') AS comments
FROM triage_action
GROUP BY tenant, incident_id
COMMENT 'where people left each incident that they touched; a resolution holds for the version they saw';

CREATE TABLE IF NOT EXISTS silences
(
    silence_id UUID,
    tenant LowCardinality(String) COMMENT 'empty: of all',
    version UInt32,
    matchers Array(String),
    owner String,
    reason String,
    starts_at DateTime64(6, 'UTC'),
    ends_at DateTime64(6, 'UTC'),
    actor String,
    at DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (tenant, silence_id, version)
COMMENT 'every version of every silence; the latest in the view silence';

CREATE VIEW IF NOT EXISTS silence AS
SELECT silence_id, tenant, version, matchers, owner, reason, starts_at, ends_at, actor, at
FROM silences
ORDER BY silence_id, version DESC, at
LIMIT 1 BY silence_id
COMMENT 'the latest version of each silence';

-- A message may be about a step that a person took, and about several incidents at once.
ALTER TABLE deliveries ADD COLUMN IF NOT EXISTS step_id UUID COMMENT 'of triage: the message was about it; nil where it was about the version';
ALTER TABLE deliveries ADD COLUMN IF NOT EXISTS message_group String COMMENT 'route and labels of those that are told together';

-- Text that gave orders ties sessions together that read it.
ALTER TABLE findings ADD COLUMN IF NOT EXISTS causes Array(String) COMMENT 'keyed digests of the text that gave orders, and of the addresses that it named';
ALTER TABLE incidents ADD COLUMN IF NOT EXISTS causes Array(String) COMMENT 'sessions and texts whose findings belong to it';

CREATE OR REPLACE VIEW finding AS
SELECT
    fingerprint, detector, detector_version, tenant, severity, maturity, title, summary, session, subject, server, tool,
    anchor, calls, steps, matched, score, tags, at, found_at, excluded_by, causes
FROM findings FINAL
COMMENT 'each finding once, as it was first judged; excluded_by: recorded, and never alerts';
