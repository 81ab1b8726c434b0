/** Durations as Prometheus and Alertmanager write them: `30s`, `5m`, `4h`, `7d`, `1h30m`. */
import { faulty, type Reader, text } from '../yaml-reader.js'

const form = /^(?:(\d{1,4})w)?(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?$/
const seconds = [604_800, 86_400, 3_600, 60, 1] as const

/** Microseconds; `undefined` where it is none. */
export function micros(source: string): number | undefined {
  if (source === '0') return 0
  const [, ...parts] = form.exec(source) ?? []
  if (source === '' || parts.length === 0) return undefined
  return parts.reduce((sum, part, at) => sum + Number(part ?? 0) * (seconds[at] ?? 0), 0) * 1_000_000
}

/** `least` in microseconds. */
export const duration =
  (least = 0): Reader<number> =>
  (node, place) => {
    const source = text()(node, place)
    if (source === faulty) return faulty
    const read = micros(source)
    if (read === undefined) return place.fault(node, 'expected a duration: 30s, 5m, 4h, 7d')
    return read >= least ? read : place.fault(node, `expected at least ${least / 1_000_000}s`)
  }
