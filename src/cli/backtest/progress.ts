/** One line that is rewritten on a terminal, and a line every five seconds elsewhere. */
import type { Writable } from 'node:stream'

export interface Progress {
  /** Says what is being done now; shown when it is time. */
  say(text: string): void
  end(): void
}

/** `now` in milliseconds. */
export function showProgress(stderr: Writable, now: () => number): Progress {
  const terminal = 'isTTY' in stderr && stderr.isTTY === true
  const every = terminal ? 100 : 5_000
  let shown = now()
  return {
    say(text) {
      if (now() - shown < every) return
      shown = now()
      stderr.write(terminal ? `\r\u001b[K${text}` : `backtest: ${text}\n`)
    },
    end() {
      if (terminal) stderr.write('\r\u001b[K')
    },
  }
}
