/** What of a finding decides whether somebody excluded it. Both kinds of detector tell it, each from what it has. */
import type { AuditEvent } from './contract.js'

export interface Circumstances {
  readonly detector: string
  readonly server: string
  readonly tool: string
  readonly subject: string
  readonly destinations: readonly string[]
  readonly scopes: readonly string[]
}

/** The id of the exclusion that covers a finding of this tenant now (microseconds), or ''. */
export type Exclusions = (tenant: string, circumstances: Circumstances, now: number) => string

export const noExclusions: Exclusions = () => ''

/** Where the judged calls went and which scopes they were about. */
export const reachOf = (calls: readonly AuditEvent[]): Pick<Circumstances, 'destinations' | 'scopes'> => ({
  destinations: [...new Set(calls.flatMap(({ destinations }) => destinations))],
  scopes: [
    ...new Set(
      calls.flatMap(({ scopesRequested, scopesChallenged, scopesGranted }) => [
        ...scopesRequested,
        ...scopesChallenged,
        ...scopesGranted,
      ]),
    ),
  ],
})

/** The same of a query's row: its columns destination(s) and scope(s), where it has them. */
export const reachOfRow = (row: Readonly<Record<string, unknown>>): Pick<Circumstances, 'destinations' | 'scopes'> => ({
  destinations: texts(row['destinations'] ?? row['destination']),
  scopes: texts(row['scopes'] ?? row['scope']),
})

const texts = (value: unknown): string[] =>
  [value].flat().filter((one): one is string => typeof one === 'string' && one !== '')
