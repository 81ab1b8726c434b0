-- What the policy file excludes is recorded with the exclusion's id, and never alerts.
ALTER TABLE findings ADD COLUMN IF NOT EXISTS excluded_by LowCardinality(String) COMMENT 'id of the exclusion of the policy file; empty where it alerts';

CREATE OR REPLACE VIEW finding AS
SELECT
    fingerprint, detector, detector_version, tenant, severity, maturity, title, summary, session, subject, server, tool,
    anchor, calls, steps, matched, score, tags, at, found_at, excluded_by
FROM findings FINAL
COMMENT 'each finding once, as it was first judged; excluded_by: recorded, and never alerts';
