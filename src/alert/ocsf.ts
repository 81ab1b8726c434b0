/** An incident as an OCSF 1.8 Detection Finding (class 2004), for a SIEM. */
import type { Severity } from '../finding.js'
import type { Incident, Places } from '../incidents.js'
import { type Digest, digestOf } from './digest.js'
import { eventIdOf } from './event-id.js'
import type { Notice } from './notifiers/contract.js'

const activity: Readonly<Record<Notice, number>> = { opened: 1, updated: 2, reminded: 2, acknowledged: 2, resolved: 3 }
const statusId: Readonly<Record<Notice, number>> = { opened: 1, updated: 1, reminded: 1, acknowledged: 2, resolved: 4 }
/** Captions of the numbers, as the schema has them. */
const activityName = ['Unknown', 'Create', 'Update', 'Close']
const statusName = ['Unknown', 'New', 'In Progress', 'Suppressed', 'Resolved']
const severityName: Readonly<Record<Severity, string>> = {
  info: 'Informational',
  low: 'Low',
  medium: 'Medium',
  high: 'High',
  critical: 'Critical',
}
const severityId: Readonly<Record<Severity, number>> = { info: 1, low: 2, medium: 3, high: 4, critical: 5 }
const classUid = 2004

/** Milliseconds, as OCSF has times. */
const ms = (at: number): number => Math.trunc(at / 1_000)

export function detectionFinding(incident: Incident, notice: Notice, places?: Places): Record<string, unknown> {
  const digest = digestOf(incident, notice, places)
  return {
    category_uid: 2,
    category_name: 'Findings',
    class_uid: classUid,
    class_name: 'Detection Finding',
    activity_id: activity[notice],
    activity_name: activityName[activity[notice]],
    type_uid: classUid * 100 + activity[notice],
    type_name: `Detection Finding: ${activityName[activity[notice]]}`,
    severity_id: severityId[incident.severity],
    severity: severityName[incident.severity],
    status_id: statusId[notice],
    status: statusName[statusId[notice]],
    is_alert: true,
    time: ms(incident.updatedAt),
    start_time: ms(incident.firstAt),
    end_time: ms(incident.lastAt),
    message: digest.headline,
    metadata: {
      version: '1.8.0',
      uid: eventIdOf(incident, notice),
      tenant_uid: digest.tenant,
      product: { name: 'Watchkeeper', vendor_name: 'Watchkeeper' },
    },
    finding_info: {
      uid: incident.id,
      title: digest.headline,
      desc: digest.summary,
      created_time: ms(incident.openedAt),
      modified_time: ms(incident.updatedAt),
      first_seen_time: ms(incident.firstAt),
      last_seen_time: ms(incident.lastAt),
      analytic: { type_id: 1, type: 'Rule', name: digest.detectors.join(', ') },
      attacks: attacks(digest),
      ...(digest.links[0] === undefined ? {} : { src_url: digest.links[0].url }),
    },
    evidences: digest.timeline.map((line) => ({ data: { step: line } })),
    unmapped: { ...Object.fromEntries(digest.facts), tags: digest.tags, next: digest.next },
  }
}

/** OCSF takes MITRE ATLAS for attacks; the OWASP tags stay under `unmapped`. */
const attacks = ({ tags }: Digest) =>
  tags.filter((tag) => tag.startsWith('AML.')).map((uid) => ({ version: '5.6.0', technique: { uid } }))
