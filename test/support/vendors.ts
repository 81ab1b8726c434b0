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

/** CloudEvents 1.0, structured mode or a batch: the required attributes, and the size of an event that all must forward. */
export function cloudEvents({ headers, body }: Received): number {
  const type = String(headers['content-type'])
  const isBatch = type.startsWith('application/cloudevents-batch+json')
  const events = (isBatch ? JSON.parse(body) : [JSON.parse(body)]) as readonly Json[]
  if (events.some((event) => Buffer.byteLength(JSON.stringify(event)) > 64 * 1024)) return 413
  const valid = events.every(
    (event) =>
      event['specversion'] === '1.0' &&
      ['id', 'source', 'type'].every((name) => isText(event[name], 1_000)) &&
      !Number.isNaN(Date.parse(String(event['time']))),
  )
  return valid && (isBatch || type.startsWith('application/cloudevents+json')) ? 204 : 400
}

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

/** The webhook of a workflow: 202, 413 over 28 KB; a card whose text reads no Markdown. */
export function teams({ body }: Received): number {
  if (Buffer.byteLength(body) > 28 * 1024) return 413
  const { type, attachments } = JSON.parse(body) as { readonly type?: unknown; readonly attachments?: unknown[] }
  const attachment = object(attachments?.[0])
  const card = object(attachment['content'])
  const isRun = (value: unknown) => object(value)['type'] === 'TextRun' && isText(object(value)['text'], 28_000)
  const valid =
    type === 'message' &&
    attachment['contentType'] === 'application/vnd.microsoft.card.adaptive' &&
    card['type'] === 'AdaptiveCard' &&
    (card['body'] as unknown[])
      .map(object)
      .every((block) => block['type'] === 'RichTextBlock' && (block['inlines'] as unknown[]).every(isRun))
  return valid ? 202 : 400
}

/** Alert API v2: 202, 401 for a wrong key, 422 for what it does not take. */
export function opsgenie({ headers, body, path }: Received): number {
  if (headers.authorization !== `GenieKey ${keys.genie}`) return 401
  const given = JSON.parse(body) as Json
  if (/^\/hook\/v2\/alerts\/[\w-]+\/(notes|acknowledge|close)\?identifierType=alias$/.test(path))
    return isText(given['note'], 25_000) && isText(given['source'], 100) ? 202 : 422
  if (path !== '/hook/v2/alerts') return 404
  const tags = given['tags'] as unknown[]
  const valid =
    isText(given['message'], 130) &&
    isText(given['alias'], 512) &&
    isText(given['description'], 15_000) &&
    tags.length <= 20 &&
    tags.every((tag) => isText(tag, 50)) &&
    /^P[1-5]$/.test(String(given['priority'])) &&
    Object.entries(object(given['details'])).flat().join('').length <= 8_000 &&
    Object.values(object(given['details'])).every((value) => typeof value === 'string')
  return valid ? 202 : 422
}

/** API v2: 200, 400 for labels or times that it does not take. */
export function alertmanager({ body, path }: Received): number {
  if (path !== '/hook/api/v2/alerts') return 404
  const alerts = JSON.parse(body) as readonly Json[]
  const isMap = (value: unknown) =>
    Object.entries(object(value)).every(([key, one]) => /^[a-zA-Z_]\w*$/.test(key) && typeof one === 'string')
  const valid = alerts.every((alert) => {
    const [starts, ends] = [alert['startsAt'], alert['endsAt']].map((time) => Date.parse(String(time)))
    const named = object(alert['labels'])['alertname'] !== undefined
    return named && isMap(alert['labels']) && isMap(alert['annotations']) && Number(starts) <= Number(ends)
  })
  return Array.isArray(alerts) && alerts.length > 0 && valid ? 200 : 400
}

/** What the schema of class 2004 requires (OCSF 1.8), behind a collector that wants a token. */
export function ocsf({ headers, body }: Received): number {
  if (headers.authorization !== keys.bearer) return 401
  return isDetectionFinding(JSON.parse(body)) ? 200 : 400
}

export function isDetectionFinding(given: unknown): boolean {
  const event = object(given)
  const info = object(event['finding_info'])
  const activity = Number(event['activity_id'])
  return (
    event['class_uid'] === 2004 &&
    event['category_uid'] === 2 &&
    [1, 2, 3].includes(activity) &&
    event['type_uid'] === 200_400 + activity &&
    [1, 2, 3, 4, 5].includes(Number(event['severity_id'])) &&
    event['severity'] ===
      [undefined, 'Informational', 'Low', 'Medium', 'High', 'Critical'][Number(event['severity_id'])] &&
    event['type_name'] === `Detection Finding: ${event['activity_name']}` &&
    Number.isInteger(event['time']) &&
    isText(object(event['metadata'])['version'], 20) &&
    isText(object(object(event['metadata'])['product'])['vendor_name'], 100) &&
    isText(info['uid'], 100) &&
    isText(info['title'], 200)
  )
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
