/**
 * Our own counters: the same four names in every stage, so that a gap between two stages shows as a difference of two
 * numbers. `received = sent + dropped + failed + still in flight`. Kept in memory, shown at /metrics, and written to the
 * store every minute for the dashboards.
 */
export const stages = ['receive', 'bus', 'store', 'detect', 'alert'] as const
export type Stage = (typeof stages)[number]
export const counterNames = ['received', 'sent', 'dropped', 'failed'] as const
export type CounterName = (typeof counterNames)[number]

export interface CounterRow {
  readonly stage: Stage
  readonly name: CounterName
  /** Why, from a closed list of the stage ('' where there is nothing to tell apart). Never text from an event. */
  readonly reason: string
  readonly value: number
}

export class Telemetry {
  readonly #counters = new Map<string, { stage: Stage; name: CounterName; reason: string; value: number }>()
  readonly #gauges = new Map<string, number>()

  count(stage: Stage, name: CounterName, amount = 1, reason = ''): void {
    const key = `${stage}/${name}/${reason}`
    const counter = this.#counters.get(key)
    if (counter) counter.value += amount
    else this.#counters.set(key, { stage, name, reason, value: amount })
  }

  /** A level that goes up and down: queue length, lag in milliseconds. */
  gauge(name: `${Stage}_${string}`, value: number): void {
    this.#gauges.set(name, value)
  }

  counters(): readonly CounterRow[] {
    return [...this.#counters.values()]
  }

  gauges(): ReadonlyMap<string, number> {
    return this.#gauges
  }

  /** Prometheus text exposition format 0.0.4. */
  exposition(): string {
    const lines: string[] = []
    for (const name of counterNames) {
      lines.push(
        `# HELP watchkeeper_${name}_total Records ${name}, by stage.`,
        `# TYPE watchkeeper_${name}_total counter`,
      )
      for (const row of this.#counters.values()) {
        if (row.name === name)
          lines.push(`watchkeeper_${name}_total{stage="${row.stage}",reason="${row.reason}"} ${row.value}`)
      }
    }
    for (const [name, value] of this.#gauges)
      lines.push(`# TYPE watchkeeper_${name} gauge`, `watchkeeper_${name} ${value}`)
    return `${lines.join('\n')}\n`
  }
}
