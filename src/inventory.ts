/**
 * What has been seen, and what the policy says of it: every server, tool, scope and subject of a tenant. Read from the rollups;
 * for the command line and the console alike.
 */
export { type ScopeSeen, type ScopeUse, scopesSeen } from './inventory/scopes.js'
export type { Inventory, Sight } from './inventory/seen.js'
export { type PlaceSeen, type ServerSeen, serversSeen } from './inventory/servers.js'
export { type SubjectSeen, subjectsSeen } from './inventory/subjects.js'
export { type ToolSeen, toolsSeen } from './inventory/tools.js'
