/** Findings as a detector would make them, for the tests of alerting. */
import { stableId } from '../../src/audit-event.js'
import type { EvidenceStep, Finding } from '../../src/finding.js'

export { findingRow } from '../../src/detect/finding.js'

/** 2026-11-24 03:00:00 UTC in microseconds. */
export const baseTime = 1_795_489_200_000_000
export const second = 1_000_000

/** `anchor` tells findings apart; all else has a plain value. */
export function finding(given: Partial<Finding> & { readonly anchor: string }): Finding {
  const detector = given.detector ?? 'injected-action'
  const tenant = given.tenant ?? 'acme'
  const at = given.at ?? baseTime
  return {
    fingerprint: stableId('finding', detector, tenant, given.anchor),
    detector,
    detectorVersion: 1,
    tenant,
    severity: 'high',
    maturity: 'stable',
    title: 'A call does what a tool result ordered',
    summary: 'mail.send_email does what the result of crm.get_ticket orders.',
    session: 'c:conversation-1',
    subject: 'alice@corp.example',
    server: 'mail',
    tool: 'send_email',
    calls: [given.anchor],
    steps: [evidence(`${given.anchor}-source`, at - 3 * second, 'source'), evidence(given.anchor, at, 'action')],
    matched: [],
    score: { score: 0.93 },
    tags: { atlas: ['AML.T0051.001'], mcp: ['MCP06:2025'], asi: ['ASI01'] },
    at,
    foundAt: at + second,
    excludedBy: '',
    causes: [],
    ...given,
  }
}

export function evidence(
  eventId: string,
  at: number,
  part: EvidenceStep['part'],
  note = `record ${eventId}`,
): EvidenceStep {
  return { recordId: stableId('record', eventId), eventId, at, part, note }
}
