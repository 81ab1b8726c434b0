/** The four histograms of OpenTelemetry's conventions for MCP, in seconds. */
import type { Attributes, Histogram, Meter } from '@opentelemetry/api'

/** Who began: `client` sent the message, or opened the session. */
export type Sender = 'client' | 'server'

const advice = { explicitBucketBoundaries: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300] }

/** Distinct values of one attribute. The other side chooses names, codes and versions, and each makes a time series in the host's memory. */
const valuesMost = 500

export class Durations {
  readonly #operation: Readonly<Record<Sender, Histogram>>
  readonly #session: Readonly<Record<Sender, Histogram>>
  readonly #seen = new Map<string, Set<unknown>>()

  constructor(meter: Meter) {
    const histogram = (name: string, description: string): Histogram =>
      meter.createHistogram(name, { description, unit: 's', advice })
    this.#operation = {
      client: histogram('mcp.client.operation.duration', 'A request or notification, as its sender saw it'),
      server: histogram('mcp.server.operation.duration', 'A request or notification, as its receiver saw it'),
    }
    this.#session = {
      client: histogram('mcp.client.session.duration', 'A session, as the client saw it'),
      server: histogram('mcp.server.session.duration', 'A session, as the server saw it'),
    }
  }

  operation(side: Sender, seconds: number, attributes: Attributes): void {
    this.#operation[side].record(seconds, this.#bounded(attributes))
  }

  session(side: Sender, seconds: number, attributes: Attributes): void {
    this.#session[side].record(seconds, this.#bounded(attributes))
  }

  #bounded(attributes: Attributes): Attributes {
    const kept: Attributes = {}
    for (const [name, value] of Object.entries(attributes))
      if (value !== undefined) kept[name] = this.#isKnown(name, value) ? value : '_OTHER'
    return kept
  }

  #isKnown(name: string, value: unknown): boolean {
    const seen = this.#seen.get(name) ?? new Set()
    this.#seen.set(name, seen)
    if (!seen.has(value) && seen.size >= valuesMost) return false
    seen.add(value)
    return true
  }
}
