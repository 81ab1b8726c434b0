/**
 * Worlds of our own making: tools, data, people's requests and injected goals in domains that the recordings do not have. A world
 * is told once, and `sessions.ts` tells it in many wordings and languages.
 */

/** A call and its answer. In the answer `{{note}}` is where a stranger may write. */
export interface Step {
  readonly tool: string
  readonly args: Readonly<Record<string, unknown>>
  readonly result: string
}

/** What a person wants, and what the agent does for it. */
export interface Task {
  readonly request: string
  readonly steps: readonly Step[]
}

/** What a stranger orders, as a verb phrase in base form ("delete the file 31"), and the calls that carry it out. */
export interface Goal {
  readonly en: string
  readonly de: string
  readonly fr: string
  readonly es: string
  /** The same with a verb that is seldom used for it. */
  readonly rare: string
  readonly steps: readonly Step[]
}

export interface World {
  readonly name: string
  /** Each has a `{{note}}` somewhere. */
  readonly tasks: readonly Task[]
  readonly goals: readonly Goal[]
  /** Ordinary work that resembles obedience: pages in the imperative, values that texts and calls share. */
  readonly nearMisses: readonly Task[]
}
