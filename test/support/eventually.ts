/** Waiting for what another process does. */
import { setTimeout as pause } from 'node:timers/promises'

/** Asks until there is an answer, for at most sixty seconds. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let tries = 0; tries < 1_200; tries++) {
    const answer = await ask()
    if (answer !== undefined) return answer
    await pause(50)
  }
  throw new Error(`waited for ${what} in vain`)
}
