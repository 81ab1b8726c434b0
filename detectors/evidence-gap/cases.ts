import type { AuditEvent, QueryCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

/** Records 1 … `count` of a producer, chained. */
const chained = (
  count: number,
  producerId = 'p',
  given: (sequence: number) => Partial<AuditEvent> = () => ({}),
): AuditEvent[] =>
  Array.from({ length: count }, (_, index) => {
    const sequence = index + 1
    return auditEvent({
      eventId: `${producerId} ${sequence}`,
      producerId,
      sequence,
      hash: `h${producerId}${sequence}`,
      previousHash: sequence === 1 ? '' : `h${producerId}${sequence - 1}`,
      endedAt: baseTime + sequence * second,
      ...given(sequence),
    })
  })
const without = (events: AuditEvent[], ...sequences: number[]): AuditEvent[] =>
  events.filter(({ sequence }) => !sequences.includes(sequence))
/** Where a window of ten minutes ends. */
const edge = Math.ceil(baseTime / (600 * second)) * 600 * second

export default [
  { name: 'two records never came', kind: 'fires', events: without(chained(9), 4, 5), finds: 1, severity: 'medium' },
  {
    name: 'a number was used twice',
    kind: 'fires',
    events: [
      ...chained(5),
      auditEvent({ eventId: 'p again', producerId: 'p', sequence: 3, hash: 'x', endedAt: baseTime + 9 * second }),
    ],
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'the chain does not hold',
    kind: 'fires',
    events: chained(6, 'p', (sequence) => (sequence === 4 ? { previousHash: 'another' } : {})),
    finds: 1,
    severity: 'high',
  },
  {
    name: 'a record was changed on its way',
    kind: 'fires',
    events: chained(3, 'p', (sequence) => (sequence === 2 ? { attributes: { 'receive.chain': 'broken' } } : {})),
    finds: 1,
    severity: 'high',
  },
  {
    name: 'a clock that runs ahead',
    kind: 'fires',
    events: chained(3, 'p', (sequence) => ({ receivedAt: baseTime + sequence * second - 600 * second })),
    finds: 1,
    severity: 'low',
  },
  {
    name: 'noisy, benign: records out of order, of several producers, and of one that does not number',
    kind: 'quiet',
    events: [
      ...chained(8, 'a').reverse(),
      ...chained(8, 'b'),
      ...Array.from({ length: 5 }, (_, index) =>
        auditEvent({ eventId: `n${index}`, producerId: 'c', endedAt: baseTime + index * second }),
      ),
    ],
    finds: 0,
  },
  {
    name: 'what was before goes on after ten minutes',
    kind: 'quiet',
    events: chained(4, 'p', (sequence) => ({ endedAt: baseTime + sequence * 400 * second })),
    finds: 0,
  },
  {
    name: 'a number that was given early and is kept in the next window is not missing in this one',
    kind: 'quiet',
    events: chained(6, 'p', (sequence) => ({
      endedAt: edge + (sequence === 3 ? 2 : sequence === 4 ? -1 : sequence - 4) * second,
    })),
    finds: 0,
  },
] satisfies QueryCase[]
