/** Our own faults, and those of what the host plugged in, end here: they are not the host's messages' business. */
export function safely<T>(work: () => T): T | undefined
export function safely<T>(work: () => T, otherwise: T): T
export function safely<T>(work: () => T, otherwise?: T): T | undefined {
  try {
    return work()
  } catch {
    return otherwise
  }
}
