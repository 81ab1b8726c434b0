import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joinFindings } from '../../src/alert/joining.js'
import { nextSteps } from '../../src/incidents/next-steps.js'
import { auditEvent, baseTime, second } from '../support/events.js'
import { finding } from '../support/findings.js'
import { openTestStore } from '../support/store.js'

test('the commands of an incident work as they stand and find what they promise', async (t) => {
  const store = await openTestStore(t, { now: () => baseTime + 60 * second })
  const hash = '9f3a1c2204aa11bb'
  const value = { kind: 'email', hash, leaf: 0 } as const
  const read = auditEvent({ tool: 'get_ticket', resultFingerprints: [value] })
  const sent = auditEvent({ serverName: 'mail', tool: 'send_email', argFingerprints: [value] })
  const elsewhere = auditEvent({ conversationId: 'conv-2', tool: 'get_ticket', resultFingerprints: [value] })
  const unrelated = auditEvent({ conversationId: 'conv-3', tool: 'ping' })
  await store.insertEvents([read, sent, elsewhere, unrelated])

  const step = { recordId: sent.recordId, eventId: sent.eventId, at: sent.endedAt, part: 'action', note: '' } as const
  const matched = [{ kind: 'email', hash, firstIn: read.recordId, usedIn: sent.recordId }]
  const found = finding({ anchor: 'a', at: sent.endedAt, steps: [step], matched })
  const [made] = joinFindings([found], [], baseTime + 60 * second)
  assert.ok(made)

  const answers: Record<string, string>[][] = []
  for (const { lines } of nextSteps(made.incident)) {
    const sql = /^npx watchkeeper sql "([^"]+)"$/.exec(lines.join('\n'))?.[1]
    if (sql !== undefined) answers.push(await store.query(sql))
  }
  const [session = [], values = []] = answers
  assert.deepEqual(
    session.map((row) => [row['server_name'], row['tool']]),
    [
      ['crm', 'get_ticket'],
      ['mail', 'send_email'],
    ],
  )
  assert.deepEqual(
    values.map((row) => [row['record_id'], row['place']]),
    [
      [read.recordId, 'result'],
      [sent.recordId, 'argument'],
      [elsewhere.recordId, 'result'],
    ],
  )
})
