/**
 * Somebody's fetch, watched: where it goes is read from the diagnostics channels of undici, hop by hop, with the address of
 * each connection. Nothing is changed, and nothing waits for the look-up that shows what the name stands for.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { JourneyHop } from './journey.js'

interface UndiciRequest {
  readonly origin?: string | URL
  readonly path?: string
}
interface Sent {
  readonly request: UndiciRequest
  readonly socket?: { readonly remoteAddress?: string }
}

const hopsMost = 32

/** Runs `work`; `onHop` is told of each request that undici makes for it. */
export async function watchingHops<T>(work: () => Promise<T>, onHop: (url: string) => JourneyHop): Promise<T> {
  const inside = new AsyncLocalStorage<true>()
  const known = new Map<UndiciRequest, JourneyHop>()
  const created = (message: unknown): void => {
    const { request } = message as Sent
    if (inside.getStore() !== true || known.size >= hopsMost) return
    known.set(request, onHop(`${String(request.origin ?? '')}${request.path ?? ''}`))
  }
  const sent = (message: unknown): void => {
    const { request, socket } = message as Sent
    const hop = known.get(request)
    if (hop !== undefined) hop.used = socket?.remoteAddress ?? ''
  }
  subscribe('undici:request:create', created)
  subscribe('undici:client:sendHeaders', sent)
  try {
    return await inside.run(true, work)
  } finally {
    unsubscribe('undici:request:create', created)
    unsubscribe('undici:client:sendHeaders', sent)
  }
}
