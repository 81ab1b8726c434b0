/**
 * Slack, incoming webhook, Block Kit. An incoming webhook has no way to tell two messages for one: what is sent twice stands
 * there twice, with the same incident and version in it. All text is mrkdwn, headline too: what plain text makes of `<!channel>`
 * Slack does not say.
 */
import { type Digest, digestOf } from '../digest.js'
import { roundupOf } from '../roundup.js'
import { attempt } from './attempt.js'
import type { Common, DeliveryResult, Notifier, Secret } from './contract.js'
import { post } from './post.js'

export interface SlackSettings extends Common {
  /** Whoever has it may post, so it is a secret. */
  readonly url: Secret
}

/** Characters: a section takes 3000 and a field 2000. */
const longestSection = 2_900
/** An escape makes five characters of one. */
const longestValue = 380

export function slack({ name, url, now, timeoutMs, places }: SlackSettings): Notifier {
  const send = (digest: Digest, signal: AbortSignal): Promise<DeliveryResult> =>
    attempt(async () => {
      const message = {
        // What a notification shows.
        text: mrkdwn(digest.headline),
        blocks: [
          section(`*${mrkdwn(digest.headline)}*`),
          section(mrkdwn(digest.summary)),
          {
            type: 'section',
            fields: digest.facts
              .slice(0, 10)
              .map(([what, value]) => text(`*${what}*\n${mrkdwn(value.slice(0, longestValue))}`)),
          },
          ...(digest.timeline.length === 0 ? [] : [section(whole(digest.timeline.map((line) => `• ${mrkdwn(line)}`)))]),
          ...(digest.next.length === 0 ? [] : [section(whole(digest.next.map((line) => `\`${mrkdwn(line)}\``)))]),
          ...(digest.links.length === 0
            ? []
            : [section(digest.links.map(({ name: place, url: at }) => `<${at}|${place}>`).join(' · '))]),
          { type: 'context', elements: [text(mrkdwn(digest.tags.join(' ')) || 'Watchkeeper')] },
        ],
      }
      return post({ url: await url(), body: JSON.stringify(message), signal, now, timeoutMs })
    })
  return {
    name,
    deliver: (incident, notice, signal) => send(digestOf(incident, notice, places), signal),
    deliverTogether: (told, signal) => send(roundupOf(told, places), signal),
  }
}

/** `verbatim`: Slack looks for no addresses, names and channels of its own accord. */
const text = (mrkdwnText: string) => ({ type: 'mrkdwn', text: mrkdwnText, verbatim: true })
const section = (mrkdwnText: string) => ({ type: 'section', text: text(mrkdwnText) })

/** As many whole lines as have room: a cut through an escape would show its half. */
function whole(lines: readonly string[]): string {
  const kept: string[] = []
  let length = 0
  for (const line of lines) {
    length += line.length + 1
    if (length > longestSection) break
    kept.push(line)
  }
  return kept.join('\n')
}

/**
 * Text that Slack shows as it stands. `&`, `<` and `>` are escaped as it asks, so that no link, mention (`<!channel>`) or quote
 * comes about. Its format marks have no escape: each becomes the letter that looks like it, `_` only at the edge of a word,
 * where alone it means anything, so that `send_email` can be copied.
 */
export function mrkdwn(plain: string): string {
  return plain
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/\*/g, '∗')
    .replace(/`/g, 'ˋ')
    .replace(/~/g, '∼')
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '＿')
}
