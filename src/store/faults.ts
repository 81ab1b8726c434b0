/**
 * What an error of the engine means for us, decided by its code (never by its text, which holds values of events). For an
 * insert the question is whether the *record* is at fault: only then may it be set aside. Everything else, also what this
 * table does not know, is the store's fault and is tried again: evidence is not lost over an operator's mistake.
 */
import { ClickHouseError } from '@clickhouse/client'
import { WatchkeeperError } from '../errors.js'

interface Fault {
  readonly decision: 'retry' | 'refuse'
  readonly reason: string
}

const refuse = (reason: string): Fault => ({ decision: 'refuse', reason })
const retry = (reason: string): Fault => ({ decision: 'retry', reason })

/** Codes: ClickHouse's `ErrorCodes.cpp`; they are stable. */
export const insertFaults: ReadonlyMap<number, Fault> = new Map([
  [6, refuse('a value cannot be parsed')],
  [27, refuse('a value cannot be parsed')],
  [33, refuse('the rows end too early')],
  [38, refuse('a date cannot be parsed')],
  [41, refuse('a time cannot be parsed')],
  [53, refuse('a value has another type than its column')],
  [69, refuse('a value is out of bounds')],
  [70, refuse('a value cannot be converted')],
  [72, refuse('a number cannot be parsed')],
  [117, refuse('the rows are not what the format says')],
  [131, refuse('a text is too long')],
  [321, refuse('a value is out of range')],
  [376, refuse('a UUID cannot be parsed')],

  [60, retry('a table is missing: is a newer or older Watchkeeper at work on this database?')],
  [81, retry('the database is missing')],
  [159, retry('the insert took too long')],
  [164, retry('the store is read-only')],
  [192, retry('the user is unknown: check WATCHKEEPER_CLICKHOUSE_USER')],
  [193, retry('the password is wrong: check WATCHKEEPER_CLICKHOUSE_PASSWORD')],
  [202, retry('too many queries at once')],
  [209, retry('the network timed out')],
  [210, retry('the network failed')],
  [225, retry('the cluster has no keeper')],
  [236, retry('the engine is stopping')],
  [241, retry('the engine is out of memory')],
  [242, retry('the replica is read-only')],
  [243, retry('the disk is full')],
  [252, retry('inserts come faster than parts are merged')],
  [285, retry('too few replicas are alive')],
  [319, retry('nobody knows whether the insert arrived')],
  [394, retry('the insert was cancelled')],
  [497, retry('the user may not insert: grant INSERT on the database')],
  [516, retry('user or password are wrong: check WATCHKEEPER_CLICKHOUSE_USER and _PASSWORD')],
  [999, retry('the keeper failed')],
])

/** Codes of a read that succeed later; all others are the question's own fault. */
const readAgain: ReadonlyMap<number, string> = new Map([
  [202, 'too many queries at once'],
  [209, 'the network timed out'],
  [210, 'the network failed'],
  [236, 'the engine is stopping'],
  [241, 'the engine is out of memory'],
  [999, 'the keeper failed'],
])

const noPermission: ReadonlySet<number> = new Set([164, 192, 193, 194, 497, 516])
const tooMany: ReadonlySet<number> = new Set([158, 396])

/** Words of an error that reaches people: without control characters, and not endless. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const tame = (message: string): string => message.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, 500)

const unavailable = (reason: string, cause: unknown): WatchkeeperError =>
  new WatchkeeperError('WK_STORE_UNAVAILABLE', `the store does not answer as it should: ${reason}`, { cause })

/** No answer at all: refused, reset, timed out. */
function unreachable(error: unknown): WatchkeeperError {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  return unavailable(typeof code === 'string' ? code : tame(error instanceof Error ? error.message : ''), error)
}

export function insertFault(error: unknown, table: string): WatchkeeperError {
  if (error instanceof WatchkeeperError) return error
  if (!(error instanceof ClickHouseError)) return unreachable(error)
  const fault = insertFaults.get(Number(error.code)) ?? retry('an error without a decision of ours')
  const told = `${fault.reason} (ClickHouse code ${error.code}, table ${table})`
  // Not the cause: its text may hold values of the record.
  if (fault.decision === 'refuse') return new WatchkeeperError('WK_STORE_REFUSED', told)
  return unavailable(told, undefined)
}

export function queryFault(error: unknown): WatchkeeperError {
  if (error instanceof WatchkeeperError) return error
  if (!(error instanceof ClickHouseError)) return unreachable(error)
  const code = Number(error.code)
  const again = readAgain.get(code)
  if (again !== undefined) return unavailable(`${again} (ClickHouse code ${code})`, error)
  if (noPermission.has(code))
    return new WatchkeeperError(
      'WK_STORE_REFUSED',
      `the store does not allow it (code ${code}): ${tame(error.message)}`,
    )
  if (tooMany.has(code))
    return new WatchkeeperError(
      'WK_STORE_QUERY',
      'the answer has more rows than allowed: ask for less, or raise the limit',
    )
  if (code === 159)
    return new WatchkeeperError('WK_STORE_QUERY', 'the query took too long: ask for less, or allow it more time')
  return new WatchkeeperError('WK_STORE_QUERY', `the query failed (code ${code}): ${tame(error.message)}`)
}
