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
import { source } from './source.js'

export interface McpInstrumentationConfig extends InstrumentationConfig, Partial<InstrumentOptions> {
  /** Folder from which the host's MCP SDK is found. Default: that of the program. */
  readonly from?: string
}

export class McpInstrumentation extends InstrumentationBase<McpInstrumentationConfig> {
  /** Ours, where the host gave none. */
  #own: Emitter | undefined
  /** Those that were found, and those that were handed over. */
  readonly #classes: Patchable[] = []
  #found: Promise<void> | undefined
  #stop: () => void = () => undefined

  constructor(config: McpInstrumentationConfig = {}) {
    super(source.name, source.version, config)
    if (this.isEnabled()) this.#begin()
  }

  /** Resolves once the installed SDK was looked for: await it where the program connects at once. Never rejects. */
  get ready(): Promise<void> {
    return this.#found ?? Promise.resolve()
  }

  /** Classes that cannot be found by themselves, in a bundle say: `[Client, Server]` of either version, or v1's `Protocol`. */
  patch(classes: Iterable<Patchable>): this {
    this.#classes.push(...classes)
    if (this.isEnabled()) this.#watch()
    return this
  }

  /** Sends what waits. */
  async flush(): Promise<void> {
    await this.#emitter()?.flush()
  }

  override enable(): void {
    super.enable()
    // OpenTelemetry's constructor calls it before there is anything of ours.
    if (#classes in this) this.#begin()
  }

  override disable(): void {
    super.disable()
    this.#stop()
  }

  protected init(): undefined {
    return undefined
  }

  #begin(): void {
    this.#watch()
    const { from = programFolder() } = this.getConfig()
    this.#found ??= classesOf(from).then((classes) => {
      if (classes.length === 0 && this.#classes.length === 0)
        this._diag.warn(`no MCP SDK is installed as seen from ${from}: hand its classes over with patch()`)
      this.patch(classes)
    })
  }

  #watch(): void {
    const options = this.#options()
    if (options === undefined) return
    this.#stop()
    this.#stop = patchClasses(this.#classes, options)
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
