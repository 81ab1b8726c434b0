/** The policy file's sections, brought by the stages that read them: one line for each stage. */
import { detectSections } from './detect/index.js'
import { type PolicyFile, readPolicyFile, type Section } from './policy-file.js'

export const policySections: readonly Section[] = [...detectSections]

/** The file of the setting, or `undefined` without one. Throws `WK_POLICY`. */
export async function configuredPolicy({
  policyFile,
}: {
  readonly policyFile: string
}): Promise<PolicyFile | undefined> {
  return policyFile === '' ? undefined : await readPolicyFile(policyFile, policySections)
}
