/** What detection reads of the policy file. */
import type { Section } from '../../policy-file.js'
import { exclusions } from './exclusions.js'
import { policySections } from './sections.js'

export { type Exclusion, exclusionOf, exclusionsIn, exclusionsOf, hasExpired } from './exclusions.js'
export { policiesOf } from './policy-of.js'

/** All sections that detection reads. */
export const detectSections: readonly Section[] = [...policySections, exclusions]
