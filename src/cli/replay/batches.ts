/** Recorded sessions as batches of encoded records, read only as fast as they are taken. */
import type { Capturer } from '@watchkeeper/sdk/capture'
import { encodeRecord } from '@watchkeeper/sdk/otlp'
import { readRecorded, recordedEvents } from '../../recorded.js'

export interface Batch {
  readonly records: readonly string[]
}

export interface BatchOptions {
  readonly files: readonly string[]
  readonly capturer: Capturer
  /** Microseconds since 1970. */
  readonly baseTime: number
  readonly onSession: () => void
  /** A line that is no session. The lines after it are still read. */
  readonly onFault: (message: string) => void
}

const batchRecords = 300
/** Well under the receiver's limit of 8 MiB for a request. */
const batchBytes = 2 * 1_048_576

/** Throws `WK_FILE_UNREADABLE`. */
export async function* recordedBatches(options: BatchOptions): AsyncGenerator<Batch> {
  const seen = new Set<string>()
  let records: string[] = []
  let bytes = 0
  for (const file of options.files) {
    for await (const line of readRecorded(file, seen)) {
      if ('fault' in line) {
        options.onFault(line.fault.message)
        continue
      }
      options.onSession()
      for (const event of recordedEvents(line.session, options)) {
        const record = encodeRecord(event)
        if (records.length >= batchRecords || (records.length > 0 && bytes + record.length > batchBytes)) {
          yield { records }
          records = []
          bytes = 0
        }
        records.push(record)
        bytes += record.length
      }
    }
  }
  if (records.length > 0) yield { records }
}
