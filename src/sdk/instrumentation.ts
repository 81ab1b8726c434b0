/**
 * `@watchkeeper/sdk/instrumentation`: for hosts that set OpenTelemetry up themselves.
 *
 *     new NodeSDK({ instrumentations: [new McpInstrumentation()] }).start()
 *
 * OpenTelemetry's module hooks cannot reach the MCP SDK (v1's package has no main file for them to go by, v2's files have hashed names), so
 * the installed SDK is found by its files and its classes are patched: both of its builds, ES modules and CommonJS.
 */
import { InstrumentationBase, type InstrumentationConfig } from '@opentelemetry/instrumentation'
import { Emitter } from './emitter.js'
import { fromEnvironment } from './environment.js'
import { classesOf, programFolder } from './installed.js'
import type { InstrumentOptions } from './instrument.js'
import { type Patchable, patchClasses } from './patch.js'

export interface McpInstrumentationConfig extends InstrumentationConfig, Partial<InstrumentOptions> {
  /** Folder from which the host's MCP SDK is found. Default: that of the program. */
  readonly from?: string
}

export class McpInstrumentation extends InstrumentationBase<McpInstrumentationConfig> {
  /** Resolves once the installed SDK was looked for: await it where the program connects at once. Never rejects. */
  readonly ready: Promise<void>
  /** Ours, where the host gave none. */
  #own: Emitter | undefined
  #stops: (() => void)[] = []

  constructor(config: McpInstrumentationConfig = {}) {
    super('@watchkeeper/sdk', '0.1.0', config)
    const { enabled = true, from = programFolder() } = config
    this.ready = enabled ? classesOf(from).then((classes) => void this.patch(classes)) : Promise.resolve()
  }

  /** Classes that cannot be found by themselves, in a bundle say: `[Client, Server]` of either version, or v1's `Protocol`. */
  patch(classes: Iterable<Patchable>): this {
    const options = this.#options()
    if (options !== undefined) this.#stops.push(patchClasses(classes, options))
    return this
  }

  /** Sends what waits. */
  async flush(): Promise<void> {
    await this.#emitter()?.flush()
  }

  override disable(): void {
    super.disable()
    for (const stop of this.#stops) stop()
    this.#stops = []
  }

  protected init(): undefined {
    return undefined
  }

  #emitter(): Emitter | undefined {
    return this.getConfig().emitter ?? this.#own
  }

  #options(): InstrumentOptions | undefined {
    const { emitter = this.#own ?? this.#fromEnvironment(), conversation, subject, heartbeatMs } = this.getConfig()
    if (emitter === undefined) return undefined
    return {
      emitter,
      ...(conversation === undefined ? {} : { conversation }),
      ...(subject === undefined ? {} : { subject }),
      ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
    }
  }

  #fromEnvironment(): Emitter | undefined {
    const { options, fault } = fromEnvironment()
    if (fault !== undefined) this._diag.error(`nothing is reported: ${fault}`)
    if (options === undefined) return undefined
    this.#own = new Emitter(options)
    return this.#own
  }
}
