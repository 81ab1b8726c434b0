/**
 * Microsoft Teams, the webhook of a workflow ("When a Teams webhook request is received"), an Adaptive Card. A message is at most
 * 28 KB. Like Slack's, what is sent twice stands there twice.
 */
import { type Digest, digestOf } from '../digest.js'
import { roundupOf } from '../roundup.js'
import { attempt } from './attempt.js'
import type { Common, DeliveryResult, Notifier, Secret } from './contract.js'
import { post } from './post.js'

export interface TeamsSettings extends Common {
  /** Whoever has it may post, so it is a secret. */
  readonly url: Secret
}

export function teams({ name, url, now, timeoutMs, places }: TeamsSettings): Notifier {
  const send = (digest: Digest, signal: AbortSignal): Promise<DeliveryResult> =>
    attempt(async () =>
      post({
        url: await url(),
        body: JSON.stringify({
          type: 'message',
          attachments: [
            {
              contentType: 'application/vnd.microsoft.card.adaptive',
              contentUrl: null,
              content: card(digest),
            },
          ],
        }),
        signal,
        now,
        timeoutMs,
      }),
    )
  return {
    name,
    deliver: (incident, notice, signal) => send(digestOf(incident, notice, places), signal),
    deliverTogether: (told, signal) => send(roundupOf(told, places), signal),
  }
}

function card({ headline, summary, facts, timeline, next, tags, links }: Digest) {
  return {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    fallbackText: 'An incident of Watchkeeper',
    body: [
      paragraph(run(headline, { weight: 'Bolder', size: 'Medium' })),
      paragraph(run(summary)),
      ...facts.map(([what, value]) => paragraph(run(`${what}: `, { weight: 'Bolder' }), run(value))),
      ...timeline.map((line) => paragraph(run(line))),
      ...next.map((line) => paragraph(run(line, { fontType: 'Monospace' }))),
      ...(tags.length === 0 ? [] : [paragraph(run(tags.join(' '), { isSubtle: true }))]),
    ],
    ...(links.length === 0
      ? {}
      : { actions: links.map(({ name, url }) => ({ type: 'Action.OpenUrl', title: name, url })) }),
  }
}

/** A `TextBlock` and a `FactSet` read Markdown, which has no escape there that all clients know; a `TextRun` reads none. */
const run = (text: string, look: Readonly<Record<string, unknown>> = {}) => ({ type: 'TextRun', text, ...look })
const paragraph = (...inlines: readonly unknown[]) => ({ type: 'RichTextBlock', inlines })
