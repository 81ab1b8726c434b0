/** Express, which the official SDK v1 brings along without its types: as much of it as the tests use. */

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'

export type ExpressRequest = IncomingMessage & {
  readonly body?: unknown
  readonly auth?: unknown
  readonly path: string
}
export type ExpressResponse = ServerResponse & {
  status(code: number): ExpressResponse
  set(name: string, value: string): ExpressResponse
  json(body: object): void
}
export type Middleware = (request: never, response: never, next: never) => unknown
export type ExpressApp = RequestListener & {
  use(...handlers: readonly (string | Middleware)[]): void
  all(path: string, ...handlers: readonly Middleware[]): void
}
interface Express {
  (): ExpressApp
  json(): Middleware
  text(options: { readonly type: string }): Middleware
}

export const express = createRequire(import.meta.url)('express') as Express
