/** JSON-RPC messages as they pass a transport: read with care, since the other side wrote them. Same in SDK v1 and v2. */

export type Fields = Readonly<Record<string, unknown>>

export interface RequestMessage {
  readonly id: string | number
  readonly method: string
  readonly params: Fields
}

export interface ResponseMessage {
  readonly id: string | number
  readonly result: Fields | undefined
  readonly error: Fields | undefined
}

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {})
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const isId = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number'

export function asRequest(message: unknown): RequestMessage | undefined {
  const { id, method, params } = fieldsOf(message)
  return isId(id) && typeof method === 'string' ? { id, method, params: fieldsOf(params) } : undefined
}

export function asResponse(message: unknown): ResponseMessage | undefined {
  const { id, method, result, error } = fieldsOf(message)
  if (!isId(id) || method !== undefined || (result === undefined && error === undefined)) return undefined
  return { id, result: isFields(result) ? result : undefined, error: isFields(error) ? error : undefined }
}

/** A message that wants no answer. */
export function asNotification(message: unknown): Omit<RequestMessage, 'id'> | undefined {
  const { id, method, params } = fieldsOf(message)
  return id === undefined && typeof method === 'string' ? { method, params: fieldsOf(params) } : undefined
}

/** The id of the request that a `notifications/cancelled` calls off. */
export function cancelledId(message: unknown): string | number | undefined {
  const { id, method, params } = fieldsOf(message)
  const { requestId } = fieldsOf(params)
  return id === undefined && method === 'notifications/cancelled' && isId(requestId) ? requestId : undefined
}

/** The same message with more in `params._meta`. The given one belongs to the caller and stays as it is. */
export function withMeta<T>(message: T, added: Readonly<Record<string, string>>): T {
  const { params } = fieldsOf(message)
  const given = fieldsOf(params)
  return { ...message, params: { ...given, _meta: { ...fieldsOf(given['_meta']), ...added } } }
}
