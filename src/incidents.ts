/**
 * Incidents as everybody sees them: what one is, its rows in the store, what people did with it, and its text made safe. Alerting
 * makes them, the console and the command line show them.
 */
export { type DeliveryState, deadDeliveries, deliveriesOf, sendAgain } from './incidents/deliveries.js'
export { mergeMatched, mergeSteps, withoutMiddle } from './incidents/evidence.js'
export { type Feedback, feedback } from './incidents/feedback.js'
export { isUuid } from './incidents/ids.js'
export {
  type Around,
  type Change,
  type Incident,
  type JoinedFinding,
  mostFindings,
  named,
  tagsOf,
} from './incidents/incident.js'
export {
  findIncidents,
  incidentsById,
  keepVersions,
  latestIncidents,
  openIncidents,
  type Queries,
} from './incidents/incident-rows.js'
export { investigation, type Link, linksOf, type Places } from './incidents/links.js'
export { incidentList, type ListedIncident, type ListRequest, listedOf, standingIncidents } from './incidents/list.js'
export { isLabel, type Label, labelNames, labelsOf, leading, type Matcher, matcherOf } from './incidents/matchers.js'
export { forBlock, forMessage, forTerminal, messageSafe } from './incidents/neutralise.js'
export { type NextStep, nextSteps, readmeOf } from './incidents/next-steps.js'
export {
  entityRisk,
  type Reach,
  type ReachOptions,
  type Risk,
  reachOf,
  type Touch,
  type TouchedSession,
} from './incidents/reach.js'
export {
  expireSilence,
  faultsOf,
  isActive,
  keepSilence,
  longestSilence,
  type Silence,
  silencer,
  silencesOf,
} from './incidents/silences.js'
export {
  act,
  historyOf,
  longestText,
  refusal,
  stateOf,
  type Triage,
  type TriageAction,
  type TriageState,
  type TriageStatus,
  type TriageStep,
  triageOf,
  triageSteps,
  untouched,
  type Verdict,
  verdicts,
} from './incidents/triage.js'
export { type Arc, arcsOf } from './incidents/value-flow.js'
