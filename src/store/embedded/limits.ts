/** Every bound of the embedded engine in one place. Sizes in bytes. */
const MiB = 1_048_576

export interface Limits {
  readonly headerBytes: number
  /** Body of a request, unpacked. */
  readonly bodyBytes: number
  /** A statement that comes in the body, with the data it may hold. */
  readonly statementBytes: number
  readonly connections: number
  /** Operations that run at once. */
  readonly serviceSlots: number
  readonly readerSlots: number
  /** Operations of each user that wait. */
  readonly waiting: number
  serviceSettings(asked: ReadonlyMap<string, string>): ReadonlyMap<string, string>
  readerSettings(asked: ReadonlyMap<string, string>): ReadonlyMap<string, string>
}

/** Settings that a reader may choose, and the most of it where there is a most. Others, which dashboards send on their own, have no effect. */
const readerChoices: Readonly<Record<string, number | undefined>> = {
  max_execution_time: 60,
  max_result_rows: 1_000_000,
  max_result_bytes: 64 * MiB,
  max_rows_to_read: undefined,
  max_block_size: 65_536,
  max_threads: 4,
}
const readerFormats = /^(output_format_\w+|date_time_output_format|session_timezone)$/
const readerDefaults: Readonly<Record<string, string>> = {
  max_execution_time: '60',
  max_result_rows: '1000000',
  max_result_bytes: String(64 * MiB),
  result_overflow_mode: 'throw',
  max_memory_usage: String(1024 * MiB),
  // As for ourselves (client.ts): a day of one part is not compared with itself.
  do_not_merge_across_partitions_select_final: '1',
}

export const limits: Limits = {
  // A statement or its parameters may come in the URL.
  headerBytes: MiB,
  bodyBytes: 512 * MiB,
  statementBytes: 64 * MiB,
  connections: 256,
  serviceSlots: 12,
  readerSlots: 6,
  waiting: 64,
  serviceSettings: (asked) => new Map([['max_result_bytes', String(256 * MiB)], ...asked]),
  readerSettings: (asked) => {
    const chosen = [...asked].flatMap(([name, value]): [string, string][] => {
      if (readerFormats.test(name)) return [[name, value]]
      if (!(name in readerChoices)) return []
      const most = readerChoices[name]
      const number = Number(value)
      // 0 is "no limit" to the engine, so it is not taken.
      if (!(number > 0)) return []
      return [[name, String(most === undefined ? number : Math.min(number, most))]]
    })
    return new Map([...Object.entries(readerDefaults), ...chosen])
  },
}

/** Threads of libuv's pool: one for each operation that may run, and some for KILL QUERY, files and gzip. */
export const poolThreads = limits.serviceSlots + limits.readerSlots + 8
