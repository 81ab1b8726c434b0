/** Posts an incident as a CloudEvent, signed where there is a secret. */
import { cloudEvent, inBatch } from '../cloud-event.js'
import { eventIdOf } from '../event-id.js'
import { roundupOf } from '../roundup.js'
import { signedHeaders } from '../signature.js'
import { attempt } from './attempt.js'
import type { Common, DeliveryResult, Notifier, Secret } from './contract.js'
import { post } from './post.js'

export interface WebhookSettings extends Common {
  readonly url: Secret
  /** None is unsigned. */
  readonly secret: Secret | undefined
}

export function webhook({ name, url, secret, now, timeoutMs, places }: WebhookSettings): Notifier {
  const send = (id: string, type: string, body: string, signal: AbortSignal): Promise<DeliveryResult> =>
    attempt(async () => {
      const key = await secret?.()
      return post({
        url: await url(),
        headers: {
          'content-type': `application/${type}; charset=utf-8`,
          ...(key === undefined ? {} : signedHeaders(key, id, Math.trunc(now() / 1_000_000), body)),
        },
        body,
        signal,
        now,
        timeoutMs,
      })
    })
  return {
    name,
    deliver: (incident, notice, signal) =>
      send(eventIdOf(incident, notice), 'cloudevents+json', cloudEvent(incident, notice, places), signal),
    deliverTogether: (told, signal) =>
      send(
        roundupOf(told, places).event,
        'cloudevents-batch+json',
        JSON.stringify(told.map(({ incident, notice }) => inBatch(incident, notice, places))),
        signal,
      ),
  }
}
