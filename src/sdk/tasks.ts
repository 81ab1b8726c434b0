/**
 * A call that became a task: its answer says that it is being worked on, and its result comes by `tasks/get` (2026-07-28) or
 * `tasks/result` (2025-11-25), maybe over another connection. What belongs together shares the keyed hash of the task's id:
 * the id itself can be enough to fetch the result.
 */
import type { Capturer } from './capture/index.js'
import { type Fields, fieldsOf, type RequestMessage, textOf } from './messages.js'

/** Statuses of both versions; others are the server's free text. */
const statuses = new Set(['working', 'input_required', 'completed', 'failed', 'cancelled'])

/** Details of a call that made a task or asks for one; none for any other. */
export function taskDetail(
  { method, params }: RequestMessage,
  result: Fields | undefined,
  capturer: Capturer,
): Readonly<Record<string, string>> {
  const task = taskIn(result)
  const id = textOf(task?.['taskId']) || (method.startsWith('tasks/') ? textOf(params['taskId']) : '')
  if (id === '') return {}
  const status = textOf(task?.['status'])
  return { task_digest: capturer.secret(id), ...(statuses.has(status) ? { task_status: status } : {}) }
}

/** In a member of its own in the older version, as the result itself in the newer. */
function taskIn(result: Fields | undefined): Fields | undefined {
  const inner = fieldsOf(result?.['task'])
  if (typeof inner['taskId'] === 'string') return inner
  return typeof result?.['taskId'] === 'string' ? result : undefined
}
