/** One conversation of a test: where its records go, and the check that they are what was done. */
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Emitter, inConversation } from '@watchkeeper/sdk'
import { type Kept, keeping } from '../kept.js'
import { until } from '../landing.js'
import {
  assertAudited,
  assertDefinitions,
  assertEachOnce,
  assertJoined,
  assertOneConversation,
  Logbook,
  type Row,
  rowsOf,
} from './acts.js'

export interface Talk {
  readonly kept: Kept
  readonly agent: Emitter
  readonly log: Logbook
  readonly conversation: string
  /** Of a server in this process. */
  emitter(): Emitter
  hold(work: () => Promise<void>): Promise<void>
  /** All rows, checked. `enough`: what other processes send has come; `known`: leaves out what a test is not about. */
  checked(options?: {
    readonly enough?: (rows: readonly Row[]) => boolean
    readonly known?: (rows: readonly Row[]) => readonly Row[]
  }): Promise<readonly Row[]>
}

export async function talking(t: TestContext): Promise<Talk> {
  const kept = await keeping(t)
  const emitters: Emitter[] = []
  const emitter = (): Emitter => {
    const made = new Emitter({ dsn: kept.dsn, flushEveryMs: 10 })
    emitters.push(made)
    t.after(() => made.close(0))
    return made
  }
  const agent = emitter()
  const log = new Logbook()
  const conversation = randomUUID()
  return {
    kept,
    agent,
    log,
    conversation,
    emitter,
    hold: (work) => inConversation(conversation, work),
    async checked({ enough = () => true, known = (rows: readonly Row[]) => rows } = {}) {
      // What is told of an accepted token comes after its answer.
      await turn()
      await Promise.all(emitters.map((one) => one.flush()))
      const rows = await until(() => rowsOf(kept, 'records').then(known), enough, 20_000)
      assertEachOnce(rows, log, agent.producerId)
      assertJoined(rows)
      assertOneConversation(rows, conversation)
      assertDefinitions(rows, log)
      assertAudited(known(await rowsOf(kept, 'audit')), log)
      return rows
    },
  }
}

/** Both sides of so many connections have said that they are closed. */
export const closed =
  (connections: number) =>
  (rows: readonly Row[]): boolean =>
    rows.filter(({ detail }) => detail['phase'] === 'closed').length >= 2 * connections

/** What each side said of its connections. */
export const phasesOf = (rows: readonly Row[]): readonly string[] =>
  rows
    .filter(({ kind }) => kind === 'connection')
    .map(({ side, detail }) => `${side} ${detail['phase']}`)
    .sort()
