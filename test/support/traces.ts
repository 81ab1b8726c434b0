/** The recorded sessions, which are not part of the checkout. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fromRoot } from './root.js'

export type TraceFile = 'attacks-dev' | 'user-asked-dev' | 'benign-mcp-dev'

const folder = process.env['WATCHKEEPER_TRACES'] ?? fromRoot('../shared/traces')

/** Path of a file of recorded sessions; undefined where the folder is absent. */
export function traceFile(name: TraceFile): string | undefined {
  const path = join(folder, `${name}.jsonl.gz`)
  return existsSync(path) ? path : undefined
}

/** Why a test that needs them is skipped: the option of node:test, false where they are there. */
export const withoutTraces: string | false =
  traceFile('attacks-dev') === undefined
    ? `no recorded sessions at ${folder}; set WATCHKEEPER_TRACES to their folder`
    : false
