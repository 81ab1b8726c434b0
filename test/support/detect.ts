/** Parts that tests of detection need: detectors made on the spot, shares, a log that is read. */
import type { Shares } from '../../src/bus/index.js'
import type { Named } from '../../src/detect/catalogue.js'
import {
  type AuditEvent,
  type Draft,
  type QueryDetector,
  queryDetector,
  type SessionDetector,
  sessionDetector,
  type Verdict,
} from '../../src/detect/contract.js'
import { createLogger, type Logger } from '../../src/log.js'

export const silent: Logger = createLogger({ logLevel: 'silent', logFormat: 'json' })

const about = {
  title: 'A detector of a test',
  severity: 'high',
  maturity: 'trial',
  tags: { atlas: [], mcp: [], asi: ['ASI01'] },
  needs: [],
  version: 1,
} as const

/** A session detector that does what is given. */
export const detecting = (
  id: string,
  judge: SessionDetector['judge'],
  more: Partial<Pick<SessionDetector, 'settleMs' | 'wakesOn'>> = {},
): Named<SessionDetector> => ({ id, detector: sessionDetector({ about, judge, ...more }) })

/** A finding about one event. */
export const draftAbout = (anchor: AuditEvent, given: Partial<Draft> = {}): Draft => ({
  anchor,
  severity: 'high',
  summary: `about ${anchor.eventId}`,
  calls: [anchor],
  steps: [],
  score: {},
  ...given,
})

/** Finds each call of the given tool. */
export const findsCallsOf = (tool: string, id = `calls-of-${tool}`): Named<SessionDetector> =>
  detecting(
    id,
    ({ events }): Verdict => events.filter((event) => event.tool === tool).map((event) => draftAbout(event)),
  )

export const querying = (
  id: string,
  given: Partial<QueryDetector> & Pick<QueryDetector, 'sql' | 'judge'>,
): Named<QueryDetector> => ({
  id,
  detector: queryDetector({ about, everySeconds: 60, settleSeconds: 10, ...given }),
})

/** Shares of a process that owns the given ones. */
export const sharesOf = (total: number, ...owned: readonly number[]): Shares => ({
  total,
  owned: () => new Set(owned),
  close: async () => undefined,
})
