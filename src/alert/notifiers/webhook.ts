/** Posts an incident as a CloudEvent, signed where there is a secret. */
import { cloudEvent, eventIdOf } from '../cloud-event.js'
import { signedHeaders } from '../signature.js'
import { attempt } from './attempt.js'
import type { Common, Notifier, Secret } from './contract.js'
import { post } from './post.js'

export interface WebhookSettings extends Common {
  readonly url: Secret
  /** None is unsigned. */
  readonly secret: Secret | undefined
}

export function webhook({ name, url, secret, now, timeoutMs }: WebhookSettings): Notifier {
  return {
    name,
    deliver: (incident, notice, signal) =>
      attempt(async () => {
        const body = cloudEvent(incident, notice)
        const key = await secret?.()
        return post({
          url: await url(),
          headers: {
            'content-type': 'application/cloudevents+json; charset=utf-8',
            ...(key === undefined ? {} : signedHeaders(key, eventIdOf(incident), Math.trunc(now() / 1_000_000), body)),
          },
          body,
          signal,
          now,
          timeoutMs,
        })
      }),
  }
}
