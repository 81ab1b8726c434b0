/**
 * The transport tap: patches `send` and `start` of one transport, and the callbacks that the SDK has set by then.
 * That is the public interface of the official SDK, the same in v1 and v2, client and server, whatever the transport.
 *
 * A tap must be invisible: it hands on what it was given, in the same order and in the same turn, returns what the
 * transport returns, and swallows its own faults.
 */

import { safely } from './safely.js'

/** The members of a transport that are touched. */
export interface TappedTransport {
  send(message: unknown, options?: unknown): Promise<void>
  start(): Promise<void>
  onmessage?: ((message: never, extra?: never) => void) | undefined
  onclose?: (() => void) | undefined
  readonly sessionId?: string | undefined
  /** Of the server that a stdio client started. */
  readonly pid?: number | null | undefined
}

export interface TapListener {
  /** Before a message goes out. Returns what goes out instead: the same message, or a changed copy. */
  sending(message: unknown): unknown
  /** The transport has taken it. */
  sent?(message: unknown): void
  /** The transport could not send it, and why. */
  failed(message: unknown, error: unknown): void
  /** Before a message is handed to the SDK. Returns how its handler is to be run. */
  received(message: unknown, extra: unknown): (handle: () => void) => void
  closed(): void
}

const tapped = new WeakSet<object>()

export const isTapped = (transport: object): boolean => tapped.has(transport)

/** Taps a transport, once. `running`: it was started before, so its `onmessage` is final. */
export function tap(transport: TappedTransport, listener: TapListener, { running = false } = {}): void {
  if (isTapped(transport)) return
  tapped.add(transport)

  // A callback that chains to the one before it (ours) would tell of a message twice.
  const told = new WeakSet<object>()
  let ownMessage: TappedTransport['onmessage']
  let ownClose: TappedTransport['onclose']
  const hook = (): void => {
    const { onmessage, onclose } = transport
    if (onmessage !== ownMessage) {
      ownMessage = (message: never, extra?: never) => {
        const handle = (): void => onmessage?.call(transport, message, extra as never)
        const run = safely(() => (isNew(message, told) ? listener.received(message, extra) : undefined), undefined)
        if (run === undefined) handle()
        else run(handle)
      }
      transport.onmessage = ownMessage
    }
    if (onclose !== ownClose) {
      ownClose = () => {
        safely(() => listener.closed(), undefined)
        onclose?.call(transport)
      }
      transport.onclose = ownClose
    }
  }

  const send = transport.send.bind(transport)
  /** v1 logs in and calls its own `send` again with what it was given: that is still the same sending. */
  const underWay = new WeakSet<object>()
  transport.send = (message, options) => {
    if (typeof message === 'object' && message !== null && underWay.has(message)) return send(message, options)
    // SDK v2 probes a server with callbacks of its own and sets the protocol's after `start`.
    safely(hook, undefined)
    const outgoing = safely(() => mapped(message, (one) => listener.sending(one)), message)
    if (typeof outgoing === 'object' && outgoing !== null) underWay.add(outgoing)
    const sending = send(outgoing, options)
    // A branch of its own: the host's promise stays the one it would have got.
    void Promise.resolve(sending).then(
      () => safely(() => each(outgoing, (one) => listener.sent?.(one)), undefined),
      (error: unknown) => safely(() => each(outgoing, (one) => listener.failed(one, error)), undefined),
    )
    return sending
  }

  if (running) {
    hook()
    return
  }
  const start = transport.start.bind(transport)
  transport.start = () => {
    safely(hook, undefined)
    return start()
  }
}

function isNew(message: unknown, told: WeakSet<object>): boolean {
  if (typeof message !== 'object' || message === null || told.has(message)) return false
  told.add(message)
  return true
}

/** Older protocol versions send arrays of messages. */
const mapped = (message: unknown, change: (one: unknown) => unknown): unknown =>
  Array.isArray(message) ? message.map(change) : change(message)
function each(message: unknown, look: (one: unknown) => void): void {
  for (const one of Array.isArray(message) ? message : [message]) look(one)
}
