/**
 *     node dist/bench/judge-recorded.js DETECTOR OUT.jsonl FILE…
 *
 * One session detector over recorded sessions, in memory; the findings in the form that the scorecard reads.
 */
import { createWriteStream } from 'node:fs'
import { createCapturer } from '@watchkeeper/sdk/capture'
import type { SessionDetector } from '../src/detect/contract.js'
import { readRecorded, recordedCallId } from '../src/recorded.js'
import { baseTime, sessionAsSeen } from './recorded-events.js'

const [id = '', out = '', ...files] = process.argv.slice(2)
const { default: detector } = (await import(`../detectors/${id}/detector.js`)) as { default: SessionDetector }
const capturer = createCapturer({ key: Buffer.alloc(32, 1) })
const stream = createWriteStream(out)
for (const file of files) {
  for await (const line of readRecorded(file)) {
    if ('fault' in line) throw line.fault
    const { session: recorded } = line
    const session = sessionAsSeen(recorded, capturer)
    const indexOf = new Map(recorded.calls.map((_, index) => [recordedCallId(recorded, baseTime, index), index]))
    const verdict = detector.judge(session)
    const findings =
      'notEvaluated' in verdict
        ? []
        : verdict.map(({ severity, calls, score }) => ({
            detector: id,
            severity,
            calls: calls.map((call) => indexOf.get(call.eventId)),
            score,
          }))
    stream.write(`${JSON.stringify({ id: recorded.id, findings })}\n`)
  }
}
stream.end()
