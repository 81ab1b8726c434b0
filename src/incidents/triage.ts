/** What people do with incidents: append-only steps, and the state that they add up to. */
import { stableId } from '../audit-event.js'
import type { Store } from '../store/index.js'
import type { Queries } from './incident-rows.js'

export const triageSteps = ['acknowledge', 'assign', 'comment', 'resolve', 'reopen', 'verdict', 'exclude'] as const
export type TriageStep = (typeof triageSteps)[number]

/** What an incident turned out to be. A benign true positive did happen as told, and was meant to. */
export const verdicts = ['true_positive', 'benign_true_positive', 'false_positive', 'undetermined'] as const
export type Verdict = (typeof verdicts)[number]

export type TriageStatus = 'open' | 'acknowledged' | 'resolved'

export interface TriageAction {
  /** UUID; the same step sent twice is one. */
  readonly id: string
  readonly tenant: string
  readonly incident: string
  /** Of the incident, as the person saw it: evidence that came later reopens what was resolved. */
  readonly version: number
  readonly action: TriageStep
  /** The assignee, the verdict, or the id of the exclusion. */
  readonly value: string
  /** What the person wrote, at most {@link longestText} characters. */
  readonly text: string
  /** Who: the name of an account. */
  readonly actor: string
  readonly by: 'person' | 'api_key' | 'command'
  /** Microseconds. */
  readonly at: number
}

export const longestText = 4_000

export interface TriageState {
  readonly status: TriageStatus
  /** It was resolved, and evidence came after that. */
  readonly reopened: boolean
  readonly assignee: string
  /** '' where none was given. */
  readonly verdict: Verdict | ''
  /** Who acknowledged or resolved it, and when (microseconds, 0 where nobody did). */
  readonly by: string
  readonly since: number
  readonly comments: number
}

export const untouched: TriageState = {
  status: 'open',
  reopened: false,
  assignee: '',
  verdict: '',
  by: '',
  since: 0,
  comments: 0,
}

/** The state of an incident of this version after these steps, oldest first. Pure. */
export function stateOf(actions: readonly TriageAction[], version: number): TriageState {
  let state = untouched
  let seen = 0
  for (const { action, value, actor, at, version: saw } of actions) {
    if (action === 'assign') state = { ...state, assignee: value }
    else if (action === 'comment') state = { ...state, comments: state.comments + 1 }
    else if (action === 'verdict') state = { ...state, verdict: value as Verdict }
    else if (action !== 'exclude') {
      seen = saw
      state = { ...state, status: statusAfter[action], by: actor, since: at }
    }
  }
  return state.status === 'resolved' && seen < version ? { ...state, status: 'open', reopened: true } : state
}

const statusAfter = { acknowledge: 'acknowledged', resolve: 'resolved', reopen: 'open' } as const

/** Why a step cannot be taken from this state, or `undefined`. */
export function refusal(state: TriageState, action: TriageStep, value: string): string | undefined {
  if (action === 'acknowledge' && state.status !== 'open') return `it is ${state.status} already`
  if (action === 'resolve' && state.status === 'resolved') return 'it is resolved already'
  if (action === 'reopen' && state.status === 'open') return 'it is open'
  if (action === 'verdict' && !verdicts.includes(value as Verdict)) return `a verdict is ${verdicts.join(', ')}`
  return undefined
}

/** Appends steps; the same again at once is one insert. */
export async function act(store: Pick<Store, 'insert'>, actions: readonly TriageAction[]): Promise<void> {
  if (actions.length === 0) return
  await store.insert(
    'triage',
    actions.map(({ id, incident, text, ...rest }) => ({
      ...rest,
      action_id: id,
      incident_id: incident,
      text: text.slice(0, longestText),
    })),
    stableId('triage', ...actions.map(({ id }) => id)),
  )
}

/** 64-bit integers come as text. */
type TriageRow = Omit<TriageAction, 'at'> & { readonly micros: string }

/** Every step that was taken with these incidents, oldest first. */
export async function historyOf(store: Queries, incidents: readonly string[]): Promise<TriageAction[]> {
  if (incidents.length === 0) return []
  const rows = await store.query<TriageRow>(
    `SELECT action_id AS id, tenant, incident_id AS incident, version, action, value, text, actor, by,
       toUnixTimestamp64Micro(at) AS micros
     FROM triage_action WHERE incident_id IN {incidents:Array(UUID)} ORDER BY at, action_id`,
    { incidents },
  )
  return rows.map(({ micros, version, ...row }) => ({ ...row, version: Number(version), at: Number(micros) }))
}

/** What was done with an incident, oldest first, and the state that it adds up to. */
export interface Triage {
  readonly state: TriageState
  readonly history: readonly TriageAction[]
}

/** By id, for each of these incidents; the state of those that nobody touched is {@link untouched}. */
export async function triageOf(
  store: Queries,
  incidents: readonly { readonly id: string; readonly version: number }[],
): Promise<ReadonlyMap<string, Triage>> {
  const all = await historyOf(
    store,
    incidents.map(({ id }) => id),
  )
  const steps = new Map<string, TriageAction[]>(incidents.map(({ id }) => [id, []]))
  for (const action of all) steps.get(action.incident)?.push(action)
  return new Map(
    incidents.map(({ id, version }) => {
      const history = steps.get(id) ?? []
      return [id, { state: stateOf(history, version), history }]
    }),
  )
}
