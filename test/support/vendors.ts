/**
 * What the vendors' documentation says their endpoints take: each returns the status it would answer a request with. Held to
 * the documented limits, so that a message which outgrows one fails here before it fails in the night.
 */
import type { Received } from './http-receiver.js'

type Json = Record<string, unknown>
const object = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})
const isText = (value: unknown, most: number): value is string =>
  typeof value === 'string' && value.length > 0 && Array.from(value).length <= most

export const keys = { routing: 'R0123456789abcdef0123456789abcde', genie: 'genie-key', bearer: 'Splunk 0b1c' }

/** Events API v2: 202, 400 for an invalid event. */
export function pagerDuty({ body }: Received): number {
  const event = JSON.parse(body) as Json
  const action = String(event['event_action'])
  if (event['routing_key'] !== keys.routing || !['trigger', 'acknowledge', 'resolve'].includes(action)) return 400
  if (!isText(event['dedup_key'], 255) || Buffer.byteLength(body) > 512 * 1024) return 400
  if (action !== 'trigger') return 202
  const payload = object(event['payload'])
  const severities = ['critical', 'error', 'warning', 'info']
  const valid =
    isText(payload['summary'], 1024) &&
    isText(payload['source'], 1024) &&
    severities.includes(String(payload['severity'])) &&
    !Number.isNaN(Date.parse(String(payload['timestamp'])))
  return valid ? 202 : 400
}

/** Incoming webhook: 200, 400 `invalid_payload` or `invalid_blocks`. */
export function slack({ body }: Received): number {
  const { text, blocks } = JSON.parse(body) as { readonly text?: unknown; readonly blocks?: unknown }
  if (!isText(text, 40_000) || !Array.isArray(blocks) || blocks.length > 50) return 400
  const isMrkdwn = (value: unknown, most: number) =>
    object(value)['type'] === 'mrkdwn' && isText(object(value)['text'], most)
  const valid = blocks.map(object).every((block) => {
    if (block['type'] === 'header') return isText(object(block['text'])['text'], 150)
    if (block['type'] === 'context')
      return (block['elements'] as unknown[]).every((element) => isMrkdwn(element, 3_000))
    if (block['type'] !== 'section') return false
    const fields = block['fields'] as unknown[] | undefined
    if (fields === undefined) return isMrkdwn(block['text'], 3_000)
    return fields.length > 0 && fields.length <= 10 && fields.every((field) => isMrkdwn(field, 2_000))
  })
  return valid ? 200 : 400
}
