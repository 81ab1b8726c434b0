/** The process around a command, for tests that run one in their own process. */
import { Readable, Writable } from 'node:stream'
import type { CommandIo } from '../../src/cli/command.js'
import { environmentForOthers, readConfig } from '../../src/config.js'

export interface TestIo extends CommandIo {
  readonly output: { stdout: string; stderr: string }
}

export function commandIo(
  environment: Readonly<Record<string, string>> = {},
  signal: AbortSignal = new AbortController().signal,
): TestIo {
  const output = { stdout: '', stderr: '' }
  const into = (name: keyof typeof output): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        output[name] += chunk.toString()
        done()
      },
    })
  return {
    output,
    stdin: Readable.from([]),
    stdout: into('stdout'),
    stderr: into('stderr'),
    signal,
    onHangup: () => undefined,
    config: (overrides) => readConfig(environment, overrides),
    environmentForOthers: () => environmentForOthers(environment),
  }
}
