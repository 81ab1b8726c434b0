-- Clear text of arguments and results, for services that opted in and receivers that accept it.
ALTER TABLE events ADD COLUMN IF NOT EXISTS arg_text String COMMENT 'clear text, by opt-in and after redaction' CODEC(ZSTD(3)) AFTER arg_secret_kinds;
ALTER TABLE events ADD COLUMN IF NOT EXISTS result_text String COMMENT 'clear text, by opt-in and after redaction' CODEC(ZSTD(3)) AFTER result_secret_kinds;

-- FINAL drops copies of one content, the mark drops those that another variant of the same record stands for.
CREATE OR REPLACE VIEW records AS
SELECT
    if(s.session = '', e.session_key, s.session) AS session,
    e.tenant AS tenant, e.owner AS owner, e.role AS role, e.form AS form, e.record_id AS record_id,
    e.content_hash AS content_hash, e.call_key AS call_key, e.session_key AS session_key,
    e.session_source AS session_source, e.kept_at AS kept_at, e.received_at AS received_at, e.stored_at AS stored_at,
    e.trusted AS trusted, e.attributes AS attributes, e.kind AS kind, e.event_id AS event_id,
    e.started_at AS started_at, e.ended_at AS ended_at, e.producer_id AS producer_id, e.sequence AS sequence,
    e.previous_hash AS previous_hash, e.hash AS hash, e.source AS source, e.source_version AS source_version,
    e.conversation_id AS conversation_id, e.mcp_session_id AS mcp_session_id, e.trace_id AS trace_id,
    e.span_id AS span_id, e.parent_span_id AS parent_span_id, e.side AS side, e.client_name AS client_name,
    e.client_version AS client_version, e.server_name AS server_name, e.server_version AS server_version,
    e.server_address AS server_address, e.client_address AS client_address, e.transport AS transport,
    e.protocol_version AS protocol_version, e.subject AS subject, e.oauth_client_id AS oauth_client_id,
    e.delegation AS delegation, e.scopes AS scopes, e.audience AS audience, e.issuer AS issuer,
    e.token_fingerprint AS token_fingerprint, e.method AS method, e.request_id AS request_id, e.tool AS tool,
    e.resource AS resource, e.prompt AS prompt, e.claimed_class AS claimed_class, e.outcome AS outcome,
    e.error_type AS error_type, e.rpc_code AS rpc_code, e.scopes_requested AS scopes_requested,
    e.scopes_challenged AS scopes_challenged, e.scopes_granted AS scopes_granted, e.decision AS decision,
    e.expected_audience AS expected_audience, e.caused_by AS caused_by, e.arg_bytes AS arg_bytes,
    e.arg_digest AS arg_digest, e.arg_capture AS arg_capture, e.arg_signals AS arg_signals,
    e.arg_secret_kinds AS arg_secret_kinds, e.arg_text AS arg_text, e.destinations AS destinations, e.verbs AS verbs, e.nouns AS nouns,
    e.verb_hashes AS verb_hashes, e.result_bytes AS result_bytes, e.result_digest AS result_digest,
    e.result_capture AS result_capture, e.result_signals AS result_signals,
    e.result_secret_kinds AS result_secret_kinds, e.result_text AS result_text, e.orders AS orders, e.delegates AS delegates,
    e.capture_version AS capture_version, e.capture_policy AS capture_policy, e.key_id AS key_id, e.detail AS detail,
    e.shadow AS shadow, e.shadowed_by AS shadowed_by
FROM events AS e FINAL
LEFT ANY JOIN session_of AS s ON s.tenant = e.tenant AND s.key = e.session_key
WHERE e.shadow IN ('', 'same_call')
COMMENT 'every record once, both sides of each call: what the disagreement of client and server is looked for in';

CREATE OR REPLACE VIEW audit AS
SELECT
    session, tenant, owner, role, form, record_id, content_hash, call_key, session_key, session_source, kept_at,
    received_at, stored_at, trusted, attributes, kind, event_id, started_at, ended_at, producer_id, sequence,
    previous_hash, hash, source, source_version, conversation_id, mcp_session_id, trace_id, span_id, parent_span_id,
    side, client_name, client_version, server_name, server_version, server_address, client_address, transport,
    protocol_version, subject, oauth_client_id, delegation, scopes, audience, issuer, token_fingerprint, method,
    request_id, tool, resource, prompt, claimed_class, outcome, error_type, rpc_code, scopes_requested,
    scopes_challenged, scopes_granted, decision, expected_audience, caused_by, arg_bytes, arg_digest, arg_capture,
    arg_signals, arg_secret_kinds, arg_text, destinations, verbs, nouns, verb_hashes, result_bytes, result_digest,
    result_capture, result_signals, result_secret_kinds, result_text, orders, delegates, capture_version, capture_policy, key_id,
    detail
FROM records
WHERE shadow = ''
COMMENT 'one row for each thing that happened: what detectors, dashboards and people read';
