/** What parent and child say to each other over the IPC channel. Secrets travel only here, never in arguments or variables. */
import type { Logins } from './users.js'

export interface StartChild {
  readonly type: 'start'
  /** Path of libchdb's node binding. */
  readonly native: string
  /** Folder of the database. */
  readonly path: string
  /** Folders for insert bodies, best first. */
  readonly spoolParents: readonly string[]
  readonly durability: 'process' | 'power'
  readonly lockPatienceMs: number
  /** 0 takes a free one. */
  readonly port: number
  readonly logins: Logins
}

export type ToChild = StartChild | { readonly type: 'stop' }

export type FromChild =
  | { readonly type: 'ready'; readonly port: number }
  | { readonly type: 'failed'; readonly reason: 'locked' | 'port' | 'engine'; readonly message: string }

export const isToChild = (message: unknown): message is ToChild => typeOf(message) !== undefined
export const isFromChild = (message: unknown): message is FromChild => typeOf(message) !== undefined

const typeOf = (message: unknown): string | undefined =>
  typeof message === 'object' && message !== null && 'type' in message ? String(message.type) : undefined
