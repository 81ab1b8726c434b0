/**
 * Every client and server of an MCP SDK at once, by the prototype that they inherit `connect` from. What a host instruments by itself
 * keeps the options it was given.
 */
import { type InstrumentOptions, watchConnect } from './instrument.js'

/** What has `connect` on the prototype: v1's `Protocol`, `Client` and `Server`; v2's `Client` and `Server`; `McpServer` of both. */
export interface Patchable {
  readonly prototype: object
}

type Connect = (this: object, transport: unknown, ...rest: unknown[]) => unknown

interface Patched {
  /** `undefined` while switched off. */
  options: InstrumentOptions | undefined
}

const patched = new WeakMap<object, Patched>()

/**
 * Reports what passes the connections of all instances, those that connect from now on. Returns how to stop. Never throws: a class of
 * another shape stays as it is.
 */
export function patchClasses(classes: Iterable<Patchable>, options: InstrumentOptions): () => void {
  const done: Patched[] = []
  for (const one of classes)
    for (const prototype of homesOfConnect(one.prototype)) {
      const state = patched.get(prototype) ?? patch(prototype)
      state.options = options
      done.push(state)
    }
  return () => {
    for (const state of done) if (state.options === options) state.options = undefined
  }
}

/**
 * Where on the chain `connect` is: v2 keeps it on a class of its bundle that nobody exports, and its `Client` asks a server
 * what it speaks before it calls that one.
 */
function homesOfConnect(start: object): readonly object[] {
  const homes: object[] = []
  let at: object | null = start
  while (at !== null && at !== Object.prototype) {
    if (typeof Object.getOwnPropertyDescriptor(at, 'connect')?.value === 'function') homes.push(at)
    at = Object.getPrototypeOf(at) as object | null
  }
  return homes
}

function patch(prototype: object): Patched {
  const state: Patched = { options: undefined }
  patched.set(prototype, state)
  const connect = (prototype as { connect: Connect }).connect
  const replaced: Connect = function (transport, ...rest) {
    if (state.options !== undefined) watchConnect(transport, this, state.options)
    return connect.call(this, transport, ...rest)
  }
  Object.defineProperty(prototype, 'connect', { value: replaced, writable: true, configurable: true })
  return state
}
