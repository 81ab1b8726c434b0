/**
 * Time intervals as Alertmanager has them: named, and inside where one of their parts is. A part is inside where each kind of
 * condition that it names has one that fits.
 */
import { faulty, listOf, optional, type Reader, record, required, text } from '../yaml-reader.js'

/** Numbers, both ends inside. Negative days of the month count from its end. */
interface Span {
  readonly from: number
  readonly to: number
}

interface Part {
  /** Minutes of the day, the end outside. */
  readonly times: readonly Span[]
  /** 0 is Sunday. */
  readonly weekdays: readonly Span[]
  readonly days: readonly Span[]
  /** 1 is January. */
  readonly months: readonly Span[]
  readonly years: readonly Span[]
  /** An IANA time zone. */
  readonly location: string
}

export interface TimeInterval {
  readonly name: string
  readonly parts: readonly Part[]
}

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]

const time: Reader<number> = (node, place) => {
  const source = text()(node, place)
  if (source === faulty) return faulty
  const [, hours = '', minutes = ''] = /^(\d\d):(\d\d)$/.exec(source) ?? []
  const at = Number(hours) * 60 + Number(minutes)
  if (hours === '' || Number(minutes) > 59 || at > 1_440)
    return place.fault(node, 'expected a time of day in quotes: "08:00", at most "24:00"')
  return at
}

const times: Reader<Span> = (node, place) => {
  const read = record({ start_time: required(time), end_time: required(time) })(node, place)
  if (read === faulty) return faulty
  const { start_time: from, end_time: to } = read
  return from < to ? { from, to } : place.fault(node, 'start_time must be before end_time: a night is two times')
}

/** `monday:friday`, `1:15`, `december`. */
const span =
  (what: string, value: (word: string) => number | undefined): Reader<Span> =>
  (node, place) => {
    const source = text()(node, place)
    if (source === faulty) return faulty
    const [first = '', last = first, ...more] = source.toLowerCase().split(':')
    const [from, to] = [value(first), value(last)]
    if (from === undefined || to === undefined || more.length > 0) return place.fault(node, `expected ${what}`)
    // Days from the end and from the beginning of a month have no order of their own.
    return from <= to || from > 0 !== to > 0 ? { from, to } : place.fault(node, `${source} ends before it begins`)
  }

const named = (names: readonly string[], first: number) => (word: string) => {
  const at = names.indexOf(word)
  return at === -1 ? undefined : at + first
}
const numbered = (least: number, most: number) => (word: string) =>
  /^-?\d+$/.test(word) && Number(word) >= least && Number(word) <= most && Number(word) !== 0 ? Number(word) : undefined

const monthOf = (word: string) => named(months, 1)(word) ?? numbered(1, 12)(word)

const location = text((value) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value })
    return undefined
  } catch {
    return 'expected a time zone: Europe/Berlin'
  }
})

const part: Reader<Part> = (node, place) => {
  const read = record({
    times: optional(listOf(times), []),
    weekdays: optional(listOf(span('a weekday or two: monday:friday', named(weekdays, 0))), []),
    days_of_month: optional(listOf(span('a day or two: "1:7", "-3:-1"', numbered(-31, 31))), []),
    months: optional(listOf(span('a month or two: january:march', monthOf)), []),
    years: optional(listOf(span('a year or two: "2026:2027"', numbered(1970, 9999))), []),
    location: optional(location, 'UTC'),
  })(node, place)
  return read === faulty ? faulty : { ...read, days: read.days_of_month }
}

const interval: Reader<TimeInterval> = (node, place) => {
  const read = record({ name: required(text()), time_intervals: required(listOf(part)) })(node, place)
  return read === faulty ? faulty : { name: read.name, parts: read.time_intervals }
}

export const timeIntervalsReader: Reader<readonly TimeInterval[]> = listOf(interval)

/** `at` in microseconds. */
export function isInside({ parts }: TimeInterval, at: number): boolean {
  return parts.some((one) => {
    const { minute, weekday, day, days, month, year } = clockOf(at, one.location)
    const within = (spans: readonly Span[], value: number) =>
      spans.length === 0 || spans.some(({ from, to }) => from <= value && value <= to)
    const fromStart = (position: number): number => (position < 0 ? days + 1 + position : position)
    return (
      (one.times.length === 0 || one.times.some(({ from, to }) => from <= minute && minute < to)) &&
      within(one.weekdays, weekday) &&
      within(
        one.days.map(({ from, to }) => ({ from: fromStart(from), to: fromStart(to) })),
        day,
      ) &&
      within(one.months, month) &&
      within(one.years, year)
    )
  })
}

/** The wall clock of a place; `days` is how many the month has. */
function clockOf(at: number, timeZone: string) {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  }).formatToParts(Math.trunc(at / 1_000))
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((one) => one.type === type)?.value)
  const [year, month, day] = [number('year'), number('month'), number('day')]
  return {
    minute: number('hour') * 60 + number('minute'),
    weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay(),
    day,
    days: new Date(Date.UTC(year, month, 0)).getUTCDate(),
    month,
    year,
  }
}
