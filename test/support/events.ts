/** Audit events with sensible defaults: say only what a test is about. */
export { auditEvent, baseTime, second } from '../../src/detect/story.js'
