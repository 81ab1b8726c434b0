/**
 * The tables that other stages write, column by column, and the types of their rows: the migrations' other half (a test
 * holds the two together). All times are microseconds since 1970; JSON columns take text.
 */
import type { DeadLetter } from '../bus/index.js'
import { count, float, list, map, micros, optionalUuid, type RowOf, text, uint32, uuid } from './native.js'

export const tables = {
  /** One row for each time a finding was judged; the view `finding` keeps the first of each fingerprint. */
  findings: {
    fingerprint: uuid,
    detector: text(),
    detector_version: uint32,
    tenant: text(),
    severity: text(),
    maturity: text(),
    title: text(),
    summary: text(),
    session: text(),
    subject: text(),
    server: text(),
    tool: text(),
    anchor: text(),
    calls: list(text()),
    /** JSON: `EvidenceStep[]`. */
    steps: text(),
    /** JSON: `MatchedValue[]`. */
    matched: text(),
    score: map(float),
    /** JSON: `Tags`. */
    tags: text(),
    at: micros,
    found_at: micros,
    /** Id of an exclusion of the policy file, or ''. */
    excluded_by: text(),
    /** Keyed digests of the text that gave orders, and of the addresses that it named. */
    causes: list(text()),
  },
  /** One row for each version of an incident; the view `incident` shows the latest. */
  incidents: {
    incident_id: uuid,
    tenant: text(),
    version: uint32,
    status: text(),
    /** `trial` ones are never delivered. */
    maturity: text(),
    severity: text(),
    title: text(),
    summary: text(),
    session: text(),
    group_key: text(),
    /** Sessions and texts whose findings belong to it. */
    causes: list(text()),
    findings: list(uuid),
    opened_at: micros,
    updated_at: micros,
    /** JSON: all else that `alert` keeps of it. */
    body: text(),
  },
  /** One row for each attempt to tell a receiver. */
  deliveries: {
    incident_id: uuid,
    version: uint32,
    receiver: text(),
    attempt: uint32,
    /** `delivered`, `retry` or `refused`. */
    outcome: text(),
    /** HTTP status, 0 where there was no answer. */
    status: uint32,
    reason: text(),
    at: micros,
    /** When the next attempt is due; 0 where there is none. */
    next_at: micros,
    /** The step of triage that the message was about; '' where it was about the version. */
    step_id: optionalUuid,
    /** Route and labels of those that are told together. */
    message_group: text(),
  },
  /** One row for each thing that a person did with an incident; the view `triage_action` has each once. */
  triage: {
    action_id: uuid,
    tenant: text(),
    incident_id: uuid,
    version: uint32,
    action: text(),
    value: text(),
    text: text(),
    actor: text(),
    /** `person`, `api_key` or `command`. */
    by: text(),
    at: micros,
  },
  /** One row for each version of a silence; the view `silence` shows the latest. */
  silences: {
    silence_id: uuid,
    /** '' is of all tenants. */
    tenant: text(),
    version: uint32,
    matchers: list(text()),
    owner: text(),
    reason: text(),
    starts_at: micros,
    ends_at: micros,
    actor: text(),
    at: micros,
  },
  /** How far a reader has come; the view `watermark` shows the latest of each name. */
  watermarks: { name: text(), position: micros, detail: text(), at: micros },
  /** What a detector could not judge, and for want of what. */
  not_evaluated: {
    tenant: text(),
    session: text(),
    detector: text(),
    input: text(),
    because: text(),
    at: micros,
  },
  detector_runs: {
    detector: text(),
    tenant: text(),
    started_at: micros,
    duration_us: count,
    sessions: uint32,
    findings: uint32,
    /** `ok`, `error`, `timeout` or `over_budget`. */
    outcome: text(),
    reason: text(),
  },
  pipeline_counters: { at: micros, host: text(), stage: text(), name: text(), reason: text(), value: count },
} as const

export type InsertTable = keyof typeof tables
export type InsertRows = { readonly [Table in InsertTable]: RowOf<(typeof tables)[Table]> }

export const deadLetterColumns = {
  id: uuid,
  tenant: text(),
  owner: text(),
  role: text(),
  stage: text<DeadLetter['stage']>(),
  reason: text(),
  explanation: text(),
  at: micros,
  body: text(),
  signal: text<DeadLetter['signal']>(),
}
