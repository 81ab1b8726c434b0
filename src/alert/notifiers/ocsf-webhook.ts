/** A SIEM's HTTP collector: an OCSF Detection Finding in JSON. What is sent twice has the same `metadata.uid`. */
import { detectionFinding } from '../ocsf.js'
import { attempt } from './attempt.js'
import type { Common, Notifier, Secret } from './contract.js'
import { post } from './post.js'

export interface OcsfSettings extends Common {
  readonly url: string
  /** The whole header of that name: `Bearer …`. */
  readonly authorization: Secret | undefined
}

export function ocsfWebhook({ name, url, authorization, now, timeoutMs, places }: OcsfSettings): Notifier {
  return {
    name,
    deliver: (incident, notice, signal) =>
      attempt(async () => {
        const given = await authorization?.()
        return post({
          url,
          headers: given === undefined ? {} : { authorization: given },
          body: JSON.stringify(detectionFinding(incident, notice, places)),
          signal,
          now,
          timeoutMs,
        })
      }),
  }
}
