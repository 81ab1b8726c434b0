/** Each detector with how it is and what people's verdicts say of it. */
import type { DescribedDetector } from '../described-detectors.js'
import { type Feedback, feedback } from '../incidents.js'
import type { Desk } from './desk.js'
import { type DetectorActivity, detectorActivity } from './reading/detectors.js'

export interface DetectorState {
  readonly about: DescribedDetector
  /** `undefined`: nothing of it in the store. */
  readonly activity: DetectorActivity | undefined
  readonly feedback: Feedback | undefined
}

/** As one tenant sees them, or, `undefined`, all together. */
export async function detectorStates(
  desk: Desk,
  detectors: readonly DescribedDetector[],
  tenant: string | undefined,
): Promise<DetectorState[]> {
  const store = desk.store()
  const [activity, said] = await Promise.all([
    detectorActivity(store, { tenant, now: desk.now() }),
    feedback(store, { tenant }),
  ])
  return detectors.map((about) => ({
    about,
    activity: activity.find(({ detector }) => detector === about.id),
    feedback: said.find(({ detector }) => detector === about.id),
  }))
}
