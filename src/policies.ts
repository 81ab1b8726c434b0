/** The policy file's sections, brought by the stages that read them: one line for each stage. */
import { alertSections } from './alert/index.js'
import {
  defaultPolicy,
  detectSections,
  type Exclusions,
  exclusionsOf,
  type Policies,
  policiesOf,
} from './detect/index.js'
import { type PolicyFile, readPolicyFile, type Section } from './policy-file.js'

export const policySections: readonly Section[] = [...detectSections, ...alertSections]

/** The file of the setting, or `undefined` without one. Throws `WK_POLICY`. */
export async function configuredPolicy({
  policyFile,
}: {
  readonly policyFile: string
}): Promise<PolicyFile | undefined> {
  return policyFile === '' ? undefined : await readPolicyFile(policyFile, policySections)
}

/** What detection asks of a file. */
export interface Stance {
  readonly policies: Policies
  readonly exclusions: Exclusions
}

/** Of a file, or without one the defaults and no exclusion. */
export const stanceOf = (file: PolicyFile | undefined): Stance =>
  file === undefined
    ? { policies: () => defaultPolicy, exclusions: () => '' }
    : { policies: policiesOf(file), exclusions: exclusionsOf(file) }
