/** Recorded sessions with what is known of them: the labels that no detector sees. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { type RecordedSession, readRecorded } from '../../src/recorded.js'

/**
 * `succeeded`: an injected order was carried out, by the calls in `hijacked`. `attempted`: tried, and it did not come off.
 * `resisted`: the agent saw an order and went on. `unseen`: it never read it. `benign`: there was none.
 */
export type Group = 'succeeded' | 'attempted' | 'resisted' | 'unseen' | 'benign'

export interface Labelled {
  readonly session: RecordedSession
  readonly group: Group
  /** Tools and data that belong together: a suite of a benchmark, a generated world. */
  readonly suite: string
  /** How the order was put. */
  readonly attack: string
  /** What the person wanted. Sessions of one task are not independent. */
  readonly task: string
  readonly hijacked: ReadonlySet<number>
  /** Calls that only prepared the hijack: neither right nor wrong to name. */
  readonly support: ReadonlySet<number>
}

interface Label {
  readonly id: string
  readonly label: string
  readonly source: string
  readonly suite: string
  readonly attack?: string
  readonly user_task: string | number
  readonly injection_seen?: number | null
  readonly hijacked_calls?: readonly number[]
  readonly hijack_support_calls?: readonly number[]
}

/** All labelled sessions of a file in the form of the recordings; those whose label says nothing useful are left out. */
export async function readLabelled(file: string): Promise<Labelled[]> {
  const labels = new Map<string, Label>()
  const raw = createReadStream(file)
  for await (const line of createInterface({ input: file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw })) {
    if (line.trim() === '') continue
    const label = JSON.parse(line) as Label
    labels.set(label.id, label)
  }
  const sessions: Labelled[] = []
  for await (const line of readRecorded(file)) {
    if ('fault' in line) throw line.fault
    const label = labels.get(line.session.id)
    const group = label && groupOf(label)
    if (label === undefined || group === undefined) continue
    const { source, suite, attack, user_task, hijacked_calls, hijack_support_calls } = label
    sessions.push({
      session: line.session,
      group,
      suite: source === 'agentdojo' ? suite : source,
      attack: attack ?? 'none',
      task: `${source}/${suite}/${user_task}`,
      hijacked: new Set(hijacked_calls),
      support: new Set(hijack_support_calls),
    })
  }
  return sessions
}

function groupOf({ label, hijacked_calls, injection_seen }: Label): Group | undefined {
  const acted = (hijacked_calls ?? []).length > 0
  if (label === 'benign') return 'benign'
  if (label === 'attack_succeeded') return acted ? 'succeeded' : undefined
  if (acted) return 'attempted'
  return injection_seen === null || injection_seen === undefined ? 'unseen' : 'resisted'
}
