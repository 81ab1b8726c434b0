/** Hears what a token verifier says: the interface is the same in SDK v1 and v2. */
import type { ServerLog } from './server.js'

export interface Verifier {
  verifyAccessToken(token: string): Promise<unknown>
}

const watched = new WeakSet<object>()

/** Patches the verifier in place, once, and returns it. */
export const watchVerifier =
  (log: ServerLog) =>
  <V extends Verifier>(verifier: V): V => {
    if (watched.has(verifier)) return verifier
    const verify = verifier.verifyAccessToken
    try {
      verifier.verifyAccessToken = async (token) => {
        const authInfo = await verify.call(verifier, token)
        try {
          log.verified(authInfo)
        } catch {
          // Unobserved; the caller is let in all the same.
        }
        return authInfo
      }
      watched.add(verifier)
    } catch {
      // A frozen verifier stays as it is.
    }
    return verifier
  }
