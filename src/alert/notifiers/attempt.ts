/** What a fault before the first byte means: the set-up is broken, not the incident, so it is tried again until somebody mends it. */
import type { DeliveryResult } from './contract.js'

export async function attempt(work: () => Promise<DeliveryResult>): Promise<DeliveryResult> {
  try {
    return await work()
  } catch (error) {
    // The message may name a path or hold what a file holds: its code says enough.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'a fault of ours'
    return {
      type: 'retry',
      reason: `nothing was sent: a secret could not be read, or the message not made (${code})`,
      status: 0,
    }
  }
}
