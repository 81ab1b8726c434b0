/** Where links lead. An address never changes: people keep them, and incidents name them. */
import type { DrillDown } from './house-style.js'

export const uids = {
  soc: 'watchkeeper-soc',
  investigation: 'watchkeeper-investigation',
  tools: 'watchkeeper-tools',
  scopes: 'watchkeeper-scopes',
  exfiltration: 'watchkeeper-exfiltration',
  inventory: 'watchkeeper-inventory',
  detectors: 'watchkeeper-detectors',
  pipeline: 'watchkeeper-pipeline',
} as const

/** Names a field of the same row. */
export const field = (name: string): string => `\${__data.fields.${name}}`

/** The row has `incident` (its id) and `session_key`. */
export const toIncident: DrillDown = {
  title: 'Investigate',
  to: uids.investigation,
  set: { incident: field('incident'), session: field('session_key') },
}
/** The row has `session_key`. */
export const toSession: DrillDown = {
  title: 'The whole session',
  to: uids.investigation,
  set: { session: field('session_key') },
}
/** The row has `subject_key`. */
export const toSubject: DrillDown = { title: 'What they did', to: uids.tools, set: { subject: field('subject_key') } }
/** The row has `server_key`. */
export const toServer: DrillDown = { title: 'How it is used', to: uids.tools, set: { server: field('server_key') } }
/** The row has `subject_key` and `server_key`. */
export const toBoth: DrillDown = {
  title: 'What was done',
  to: uids.tools,
  set: { subject: field('subject_key'), server: field('server_key') },
}
