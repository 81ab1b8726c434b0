/** What a person sees while it works: one line that is rewritten on a terminal, a line every five seconds elsewhere. */
import type { Writable } from 'node:stream'

export interface Tally {
  sessions: number
  kept: number
  lost: number
  retries: number
  faults: number
}

export const count = (number: number): string => number.toLocaleString('en-US')

export const plural = (number: number, one: string, many = `${one}s`): string =>
  `${count(number)} ${number === 1 ? one : many}`

/** Returns the function that ends the reporting. */
export function reportProgress(tally: Tally, stderr: Writable, now: () => number): () => void {
  const terminal = 'isTTY' in stderr && stderr.isTTY === true
  const start = now()
  const line = (): string => {
    const seconds = Math.max(0.001, (now() - start) / 1000)
    const retried = tally.retries === 0 ? '' : `, ${plural(tally.retries, 'retry', 'retries')}`
    const lost = tally.lost === 0 ? '' : `, ${count(tally.lost)} not kept`
    return `${plural(tally.kept, 'record')} kept, ${count(Math.round(tally.kept / seconds))}/s${retried}${lost}`
  }
  const timer = setInterval(
    () => stderr.write(terminal ? `\r\u001b[K${line()}` : `replay: ${line()}\n`),
    terminal ? 250 : 5000,
  )
  return () => {
    clearInterval(timer)
    if (terminal) stderr.write('\r\u001b[K')
  }
}
