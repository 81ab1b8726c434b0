/** What detection reads of the policy file. */
export { policiesOf } from './policy-of.js'
export { detectSections } from './sections.js'
