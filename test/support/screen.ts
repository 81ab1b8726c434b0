/** A dashboard as a person sees it: its panels by title, their SQL asked of a real engine. */

import { after, before } from 'node:test'
import type { Dashboard } from '../../dashboards/house-style.js'
import type { Store } from '../../src/store/index.js'
import { baseTime, shown, storeOfTheDay } from './dashboard-story.js'
import { expand, type View } from './grafana.js'

export type Row = Readonly<Record<string, unknown>>

export interface Screen {
  /** Of the panel with this title. 64-bit integers come as strings. */
  rows(title: string): Promise<readonly Row[]>
  /** Titles of panels that nobody asked for. */
  readonly unseen: ReadonlySet<string>
}

interface Queried {
  readonly title?: string
  readonly targets?: readonly { readonly rawSql?: string }[]
}

/** Names of variables are given in clear; they travel as hex, as the choices have them. */
export function screen(
  store: Store,
  dashboard: Dashboard,
  chosen: Readonly<Record<string, readonly string[]>> = {},
  one: Readonly<Record<string, string>> = {},
): Screen {
  const panels = new Map(
    (dashboard.panels as readonly Queried[]).flatMap(({ title = '', targets = [] }) =>
      targets.map(({ rawSql = '' }) => [title, rawSql] as const),
    ),
  )
  const unseen = new Set(panels.keys())
  const view: View = {
    ...shown,
    intervalMs: 3_600_000,
    variables: {
      ...Object.fromEntries(Object.entries(chosen).map(([name, values]) => [name, values.map(hex)])),
      ...one,
    },
  }
  return {
    unseen,
    async rows(title) {
      const sql = panels.get(title)
      if (sql === undefined) throw new Error(`no panel "${title}"; there are ${[...panels.keys()].join(', ')}`)
      unseen.delete(title)
      return store.query<Row>(expand(sql, view))
    },
  }
}

export const hex = (text: string): string => Buffer.from(text).toString('hex').toUpperCase()

/** As the engine writes a time, `minutes` after `baseTime`. */
export const clock = (minutes: number): string =>
  new Date(baseTime / 1000 + minutes * 60_000)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.(\d{3})Z$/, '.$1000')

/** Only these columns. */
export const only = (rows: readonly Row[], ...names: readonly string[]): readonly unknown[][] =>
  rows.map((row) => names.map((name) => row[name]))

/** One store of the day for the tests of a suite, and the dashboard with everything chosen. */
export function theDay(
  dashboard: Dashboard,
  one: Readonly<Record<string, string>> = {},
): { readonly store: Store; readonly all: Screen } {
  const ends: (() => unknown)[] = []
  let opened: { readonly store: Store; readonly all: Screen } | undefined
  before(async () => {
    const store = await storeOfTheDay({ after: (end) => void ends.push(end as () => unknown) })
    opened = { store, all: screen(store, dashboard, {}, one) }
  })
  after(async () => {
    for (const end of ends) await end()
  })
  const now = (): NonNullable<typeof opened> => {
    if (opened === undefined) throw new Error('asked before the suite began')
    return opened
  }
  return {
    get store() {
      return now().store
    },
    get all() {
      return now().all
    },
  }
}
