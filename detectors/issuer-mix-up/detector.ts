import {
  type AuditEvent,
  type Draft,
  listed,
  type Policy,
  type Severity,
  sessionDetector,
  stepOf,
  whoOf,
} from '#detector'

/**
 * A server takes tokens of the issuers it trusts, within their life. In a mix-up attack (RFC 9207) a client is led to another
 * authorization server than the one it thinks it talks to; what shows it is a token of another issuer at a server and client that
 * were known with one. A token that is taken after its end, or before its beginning, says that nobody checks tokens at all.
 */
export default sessionDetector({
  about: {
    title: 'A token of another issuer, or outside of its life, was accepted',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0091.000', 'AML.T0012'], mcp: ['MCP07:2025', 'MCP01:2025'], asi: ['ASI03'] },
    needs: ['authorization'],
    version: 1,
  },
  wakesOn: ['authorization', 'elevation'],

  judge({ events, policy }) {
    const told = events.filter(({ kind }) => kind === 'authorization' || kind === 'elevation').filter(saysWhose)
    if (told.length === 0)
      return {
        notEvaluated: 'authorization',
        because: 'no record of this session says who issued a token, or until when',
      }
    const known = new Map<string, AuditEvent[]>()
    const reported = new Set<string>()
    return told.flatMap((event) => {
      const before = (known.get(placeOf(event)) ?? []).filter(({ endedAt }) => endedAt <= event.startedAt)
      const faults = [issuerFault(event, before, policy), lifeFault(event)].filter((one) => one !== undefined)
      if (event.issuer !== '' && !isRefused(event)) known.set(placeOf(event), [...before, event])
      // Both sides tell of one token, and each conversation of it again.
      const fresh = faults.filter(({ code }) => {
        const key = `${code} ${event.tokenFingerprint || placeOf(event)} ${issuerOf(event)}`
        return !reported.has(key) && reported.add(key)
      })
      return fresh.length === 0 ? [] : [draftOf(event, fresh)]
    })
  },
})

interface Fault {
  readonly code: 'issuer' | 'policy' | 'expired' | 'early'
  readonly severity: Severity
  readonly says: string
  readonly seconds?: number
  readonly earlier?: AuditEvent
}

/** Verifiers allow for clocks that differ; two minutes are generous, and nobody allows ten. Microseconds. */
const leeway = 120_000_000
const noLeeway = 600_000_000

const saysWhose = ({ issuer, detail }: AuditEvent): boolean =>
  issuer !== '' || detail['token_expires_at'] !== undefined || detail['token_not_before'] !== undefined

const isRefused = ({ decision }: AuditEvent): boolean => decision === 'denied' || decision === 'challenged'

/** Some write their own name with a slash at the end and some without. */
const issuerOf = ({ issuer }: AuditEvent): string => issuer.replace(/\/+$/, '')

/** A server may serve clients of several issuers: what is known is known of a server and one client. */
const placeOf = ({ side, serverName, serverAddress, expectedAudience, oauthClientId }: AuditEvent): string =>
  JSON.stringify([side, serverName || serverAddress || expectedAudience, oauthClientId])

function issuerFault(event: AuditEvent, before: readonly AuditEvent[], policy: Policy): Fault | undefined {
  const issuer = issuerOf(event)
  if (issuer === '') return undefined
  // A server that refuses a stranger's token does its duty. A client that holds one was led to the stranger.
  if (isRefused(event) && event.side === 'server') return undefined
  const allowed = policy.issuersOf(event.serverName).map((one) => one.replace(/\/+$/, ''))
  const severity = (taken: Severity): Severity => (isRefused(event) ? 'low' : taken)
  if (allowed.length > 0)
    return allowed.includes(issuer)
      ? undefined
      : {
          code: 'policy',
          severity: severity('high'),
          says: `a token of ${event.issuer}, which the policy does not name (${listed(allowed, 3)})`,
        }
  const earlier = before.at(-1)
  if (earlier === undefined || before.some((one) => issuerOf(one) === issuer)) return undefined
  return {
    code: 'issuer',
    severity: severity('medium'),
    says: `a token of ${event.issuer}; before it was ${earlier.issuer}`,
    earlier,
  }
}

function lifeFault(event: AuditEvent): Fault | undefined {
  if (isRefused(event)) return undefined
  // A producer whose clock is ahead of ours sees tokens end too early.
  const over = Math.min(event.startedAt, event.receivedAt) - timeOf(event.detail['token_expires_at'])
  if (over > leeway)
    return {
      code: 'expired',
      // What a client believes of an opaque token's life is not always what its issuer does.
      severity: over > noLeeway && event.side === 'server' ? 'high' : 'medium',
      says: `a token that had expired ${spanOf(over)} before`,
      seconds: over / 1_000_000,
    }
  const early = timeOf(event.detail['token_not_before']) - event.startedAt
  if (early > leeway)
    return {
      code: 'early',
      severity: 'medium',
      says: `a token that is valid only ${spanOf(early)} later`,
      seconds: -early / 1_000_000,
    }
  return undefined
}

/** Microseconds; NaN, which is more or less than nothing, where there is no time. */
const timeOf = (text = ''): number => Date.parse(text) * 1000

function spanOf(micros: number): string {
  const minutes = Math.round(micros / 60_000_000)
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`
}

const severities: readonly Severity[] = ['low', 'medium', 'high']

function draftOf(event: AuditEvent, faults: readonly Fault[]): Draft {
  const earlier = faults.flatMap((fault) => fault.earlier ?? [])
  const [severity = 'low'] = severities.filter((one) => faults.some((fault) => fault.severity === one)).toReversed()
  const verb = event.side === 'client' ? 'was shown' : 'took'
  const says = faults.map((fault) => fault.says).join(', and ')
  return {
    anchor: event,
    severity,
    summary: `${event.serverName || event.serverAddress || 'a server'} ${verb} ${says} (${whoOf(event)})`,
    calls: [event, ...earlier],
    steps: [
      ...earlier.map((one) => stepOf(one, 'context', `a token of ${one.issuer} was taken here`)),
      stepOf(event, 'action', `${event.decision || 'seen'}: ${says}`),
    ],
    score: {
      other_issuer: faults.some(({ code }) => code === 'issuer' || code === 'policy') ? 1 : 0,
      seconds_over: Math.round(faults.find(({ seconds }) => seconds !== undefined)?.seconds ?? 0),
    },
  }
}
