/** Tells one receiver what is due, one message after the other, and writes down what came of it. */
import type { Shares } from '../bus/index.js'
import { type Incident, incidentsById, triageOf } from '../incidents.js'
import type { Store } from '../store/index.js'
import { callsAround } from './around.js'
import { backOffMs } from './back-off.js'
import type { DeliveryResult, Notice, Told } from './notifiers/contract.js'
import {
  keepReceipts,
  lastMessages,
  type Receipt,
  standingAt,
  type Waiting,
  waitingFor,
  waitingSteps,
} from './outbox.js'
import type { Receiver } from './receivers.js'
import type { Routing } from './route.js'
import { shareOf } from './shares.js'
import type { Hold, Suppression } from './suppression.js'
import { earliestPosition, keepPositions } from './watermarks.js'

/** A version is tried for three days, then it is dead. Microseconds. */
const giveUpAfter = 3 * 86_400_000_000
const sweepEvery = 3_600_000_000
/** Clocks of two hosts may differ by this much before a version waits for the hourly look. Microseconds. */
const clockSlack = 600_000_000
/** What stands unchanged for longer is no reminder's business. Microseconds. */
const remindsFor = 30 * 86_400_000_000
const mostWaiting = 10_000
/** Incidents that are read at once. */
const chunk = 20
/** Incidents in one message. */
const mostTogether = 20

export interface DelivererSettings {
  readonly store: Store
  readonly shares: Shares
  readonly receiver: Receiver
  /** Microseconds. */
  readonly now: () => number
  /** 0..1 */
  readonly random: () => number
  /** Nothing new is begun after this. */
  readonly stopped: AbortSignal
  readonly onResult: (waiting: Waiting, result: DeliveryResult) => void
  /** How many wait for which reason, each round. */
  readonly onHeld: (held: ReadonlyMap<Hold, number>) => void
}

export interface Deliverer {
  /** Sends what is due now; stops at the first that must be tried again. `suppressed` is asked where something waits. `signal` cuts the one in hand off. Throws what the store throws. */
  deliver(suppressed: () => Promise<Suppression>, signal: AbortSignal): Promise<void>
}

/** Something that waits, with all that is needed to tell it. */
interface Message {
  readonly waiting: Waiting
  readonly incident: Incident
  readonly notice: Notice
  readonly routing: Routing
}

const noticeOf = { acknowledge: 'acknowledged', resolve: 'resolved', reopen: 'updated' } as const

export function deliverer({
  store,
  shares,
  receiver,
  now,
  random,
  stopped,
  onResult,
  onHeld,
}: DelivererSettings): Deliverer {
  const { notifier, least } = receiver
  const createdAt = now()
  let since: number | undefined
  let floor = 0
  let sweptAt = 0
  /** Answers whose receipt the store did not take: while it takes none, nothing more is sent, or it would be sent each second. */
  let unwritten: readonly Receipt[] = []

  /** A receiver hears of what changes from its first start on, not of the months before it was set up. */
  async function firstStart(): Promise<number> {
    const name = `alert/receiver/${notifier.name}`
    const known = await earliestPosition(store, [name])
    if (known > 0) return known
    await keepPositions(store, [name], createdAt, createdAt)
    return createdAt
  }

  function settle(result: DeliveryResult, waiting: Waiting, at: number): DeliveryResult {
    if (result.type !== 'retry' || waiting.firstAttemptAt === 0 || at - waiting.firstAttemptAt < giveUpAfter)
      return result
    const reason = `gave up after ${waiting.attempts + 1} attempts in three days; the last: ${result.reason}`
    return { type: 'refused', reason, status: result.status }
  }

  async function withCallsAround(incident: Incident): Promise<Incident> {
    const around = await callsAround(store, incident)
    return { ...incident, around }
  }

  const receiptOf = (
    { id, version, step }: Waiting,
    rest: Pick<Receipt, 'attempt' | 'outcome' | 'at'> & Partial<Receipt>,
  ): Receipt => ({
    incident_id: id,
    version,
    receiver: notifier.name,
    status: 0,
    reason: '',
    next_at: 0,
    step_id: step?.id ?? '',
    message_group: '',
    ...rest,
  })

  /** What is told together has one answer, and a receipt each. `undefined`: cut off by our own end. */
  async function send(messages: readonly Message[], signal: AbortSignal): Promise<DeliveryResult | undefined> {
    const told = messages.map(
      ({ incident, notice, waiting }): Told => ({
        // A step is news of its own: it has the time it was taken at.
        incident: waiting.step === undefined ? incident : { ...incident, updatedAt: waiting.updatedAt },
        notice,
      }),
    )
    const [only] = told
    if (only === undefined) return undefined
    // A message about several is a list: what was around each stands in the console.
    const first = told.length > 1 ? only : { ...only, incident: await withCallsAround(only.incident) }
    const answer =
      told.length > 1 && notifier.deliverTogether !== undefined
        ? await notifier.deliverTogether(told, signal)
        : await notifier.deliver(first.incident, first.notice, signal)
    // What came of it is unknown, so it is sent again.
    if (signal.aborted && answer.type === 'retry') return undefined
    const at = now()
    const results = messages.map((message) => ({ message, result: settle(answer, message.waiting, at) }))
    unwritten = results.map(({ message: { waiting, routing }, result }) => {
      const attempt = waiting.attempts + 1
      const pause = result.type === 'retry' ? backOffMs(attempt, random(), result.afterMs) * 1_000 : undefined
      return receiptOf(waiting, {
        attempt,
        outcome: result.type,
        status: result.status,
        reason: result.type === 'delivered' ? '' : result.reason,
        at,
        next_at: pause === undefined ? 0 : at + pause,
        // A step is told at once and takes nobody's turn.
        message_group: waiting.step === undefined ? routing.group : '',
      })
    })
    await write()
    for (const { message, result } of results) onResult(message.waiting, result)
    return results[0]?.result
  }

  /** What is never to be told here is settled by a receipt too, or it would be looked at for ever. */
  async function passOver(passed: readonly Waiting[], outcome: 'unrouted' | 'over'): Promise<void> {
    const at = now()
    // Not an attempt of its own: the later receipt of that number holds.
    unwritten = passed.map((waiting) => receiptOf(waiting, { attempt: waiting.attempts, outcome, at }))
    await write()
  }

  async function write(): Promise<void> {
    await keepReceipts(store, unwritten)
    unwritten = []
  }

  /**
   * All that waits for this receiver. Once an hour from its first start on; else from the oldest that waited last time, so
   * that the months behind cost nothing.
   */
  async function waitingNow(): Promise<Waiting[]> {
    since ??= await firstStart()
    const at = now()
    if (at - sweptAt >= sweepEvery) {
      floor = since
      sweptAt = at
    }
    const request = { receiver: notifier.name, since: floor, most: mostWaiting }
    const steps = await waitingSteps(store, request)
    const versions = await waitingFor(store, { ...request, least })
    const waiting = [...steps, ...versions]
    if (versions.length < mostWaiting && steps.length < mostWaiting)
      floor = Math.max(since, Math.min(at, ...waiting.map(({ updatedAt }) => updatedAt)) - clockSlack)
    return waiting
  }

  /** What waits with its incident and its route; what has none is settled. */
  async function prepared(waiting: readonly Waiting[]): Promise<readonly Message[]> {
    const messages: Message[] = []
    for (let at = 0; at < waiting.length && !stopped.aborted; at += chunk) {
      const some = waiting.slice(at, at + chunk)
      const incidents = await incidentsById(
        store,
        some.map(({ id }) => id),
      )
      const triage = await triageOf(store, [...incidents.values()])
      const elsewhere: Waiting[] = []
      const over: Waiting[] = []
      for (const one of some) {
        const incident = incidents.get(one.id)
        // A newer version was made meanwhile: it is its turn in the next round.
        if (incident?.version !== one.version) continue
        const routing = receiver.routing(incident)
        const isResolved = triage.get(one.id)?.state.status === 'resolved'
        if (routing === undefined) elsewhere.push(one)
        else if (one.step === undefined && isResolved) over.push(one)
        // New evidence has opened again what somebody had resolved: that is what is to be told.
        else if (one.step?.action === 'resolve' && !isResolved) over.push(one)
        else messages.push({ waiting: one, incident, routing, notice: noticeFor(one) })
      }
      await passOver(elsewhere, 'unrouted')
      await passOver(over, 'over')
    }
    return messages
  }

  function noticeFor({ step, told }: Waiting): Notice {
    if (step !== undefined) return noticeOf[step.action]
    return told ? 'updated' : 'opened'
  }

  /** What nobody acknowledged and is due to be told again. */
  async function reminders(owned: ReadonlySet<number>): Promise<readonly Message[]> {
    if (receiver.soonestReminder === undefined) return []
    const at = now()
    const standing = await standingAt(store, {
      receiver: notifier.name,
      since: Math.max(since ?? 0, at - remindsFor),
      toldBefore: at - receiver.soonestReminder,
      most: mostWaiting,
    })
    const mine = standing.filter(({ waiting: { tenant } }) => owned.has(shareOf(tenant, shares.total)))
    const lastTold = new Map(mine.map(({ waiting: { id }, lastTold: last }) => [id, last]))
    const messages = await prepared(mine.map(({ waiting }) => waiting))
    return messages
      .filter(({ incident: { id }, routing: { repeatInterval }, waiting: { notBefore } }) => {
        const last = lastTold.get(id) ?? at
        return repeatInterval !== undefined && at >= Math.max(last + repeatInterval, notBefore)
      })
      .map((message) => ({ ...message, notice: 'reminded' as const }))
  }

  /** Those whose group may be told now, as messages, in the order in which they wait. */
  async function grouped(
    messages: readonly Message[],
  ): Promise<{ readonly ready: Message[][]; readonly held: number }> {
    const at = now()
    const groups = new Map<string, Message[]>()
    for (const message of messages) {
      const group = groups.get(message.routing.group)
      if (group === undefined) groups.set(message.routing.group, [message])
      else group.push(message)
    }
    const timed = [...groups].filter(([, [first]]) => (first?.routing.groupInterval ?? 0) > 0).map(([group]) => group)
    const lastAt = await lastMessages(store, notifier.name, timed)
    const ready: Message[][] = []
    let held = 0
    for (const [group, members] of groups) {
      const last = lastAt.get(group)
      const { groupWait = 0, groupInterval = 0 } = members[0]?.routing ?? {}
      const from =
        last === undefined
          ? Math.min(...members.map(({ waiting }) => waiting.updatedAt)) + groupWait
          : last + groupInterval
      if (at < from) {
        held += members.length
        continue
      }
      const together = notifier.deliverTogether === undefined ? 1 : mostTogether
      for (let index = 0; index < members.length; index += together) ready.push(members.slice(index, index + together))
    }
    return { ready, held }
  }

  return {
    async deliver(suppressed, signal) {
      const owned = shares.owned()
      if (owned.size === 0) return
      await write()
      const due = (await waitingNow()).filter(
        ({ notBefore, tenant }) => notBefore <= now() && owned.has(shareOf(tenant, shares.total)),
      )
      const messages = await prepared(due)
      const steps = messages.filter(({ waiting }) => waiting.step !== undefined)
      const news = [...messages.filter(({ waiting }) => waiting.step === undefined), ...(await reminders(owned))]

      const held = new Map<Hold, number>()
      const count = (hold: Hold, more: number): void => void held.set(hold, (held.get(hold) ?? 0) + more)
      const suppression = news.length === 0 ? undefined : await suppressed()
      const free = news.filter(({ incident, routing }) => {
        const hold = suppression?.hold(incident, routing, receiver, now())
        if (hold !== undefined) count(hold, 1)
        return hold === undefined
      })
      const { ready, held: waitingForOthers } = await grouped(free)
      if (waitingForOthers > 0) count('grouped', waitingForOthers)
      onHeld(held)

      for (const together of [...steps.map((step) => [step]), ...ready]) {
        if (stopped.aborted) return
        const result = await send(together, signal)
        if (result === undefined || result.type === 'retry') return
      }
    },
  }
}
