/**
 * Text → units: a list item, a field, a heading, a paragraph. A sentence never crosses a unit, so an order that was put between
 * the lines of a table or behind a `subject:` is read on its own, however its author glued it there.
 */
export type Layout = 'paragraph' | 'list' | 'field' | 'heading' | 'comment'

export interface Unit {
  readonly layout: Layout
  /** The label before a colon, for a field. */
  readonly label: string
  readonly text: string
}

const rule = /^\s*(?:[-=_*#~+.]\s?){3,}\s*$/
const heading = /^\s{0,3}#{1,6}\s+/
const bullet = /^(\s*)(?:[-*•‣▪+]|\d{1,3}[.)]|[a-z]\))\s+/i
const field = /^(\s*)["']?([\p{L}\p{N}_][\p{L}\p{N}_ '/()-]{0,40}?)["']?\s?:(?:\s+|$)/u
const blockTag =
  /<\/?(?:p|div|br|li|ul|ol|tr|td|th|table|h[1-6]|section|article|header|footer|body|html|head|title|pre|blockquote|hr)(?=[\s>]|\/>)[^<>]{0,500}>/gi
/** A tag's name ends before white space or the bracket: `Anna <anna@example.org>` and `<https://example.org>` are no tags. */
const tag = /<\/?[a-zA-Z](?:[\w:.-]{0,60}\w)?(?=[\s>]|\/>)[^<>]{0,500}>/g
const inlineTag = /^<\/?(?:a|b|i|u|em|strong|span|code|small|sup|sub|font)\b/i
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

/** A record in no JSON that parses (another language's notation, or cut short): its quoted parts are read one by one. */
const looksLikeRecord = /^\s{0,64}[{[]\s{0,64}[{['"]/
const recordMarks = /["']\s{0,16}[,:]\s{0,16}["']?|[{}[\]]/g

export function unitsOf(text: string): Unit[] {
  const units: Unit[] = []
  const plain = text.includes('<') ? withoutMarkup(text, units) : text
  const body = looksLikeRecord.test(plain) ? plain.replace(recordMarks, '\n\n') : plain
  let current: { layout: Layout; label: string; lines: string[]; indent: number } | undefined
  const close = (): void => {
    if (current !== undefined) {
      const joined = current.lines.join(' ').trim()
      if (joined !== '') units.push({ layout: current.layout, label: current.label, text: joined })
    }
    current = undefined
  }
  for (const line of body.split(/\r\n|[\n\r\u2028\u2029]|\\n/)) {
    if (line.trim() === '' || rule.test(line)) {
      close()
      continue
    }
    if (heading.test(line)) {
      close()
      units.push({ layout: 'heading', label: '', text: line.replace(heading, '').trim() })
      continue
    }
    const item = bullet.exec(line)
    const rest = item === null ? line : line.slice(item[0].length)
    const named = field.exec(rest)
    const label = named?.[2] ?? ''
    if (named !== null && label.split(' ').length <= 4) {
      close()
      current = { layout: 'field', label, lines: [unquoted(rest.slice(named[0].length))], indent: indentOf(line) }
    } else if (item !== null) {
      close()
      current = { layout: 'list', label: '', lines: [unquoted(rest)], indent: indentOf(line) }
    } else if (current === undefined) {
      current = { layout: 'paragraph', label: '', lines: [line.trim()], indent: indentOf(line) }
    } else if (current.layout === 'field' && indentOf(line) < current.indent) {
      // Folded text is indented; a line further left belongs to what comes next.
      close()
      current = { layout: 'paragraph', label: '', lines: [line.trim()], indent: indentOf(line) }
    } else {
      current.lines.push(line.trim())
    }
  }
  close()
  return units
}

const indentOf = (line: string): number => line.length - line.trimStart().length

/** YAML doubles the single quotes inside quoted text. */
function unquoted(text: string): string {
  const trimmed = text.trim()
  if (!trimmed.startsWith("'") && !trimmed.startsWith('"')) return trimmed
  return trimmed.slice(1).replace(/["']$/, '').replaceAll("''", "'")
}

function withoutMarkup(text: string, units: Unit[]): string {
  return withoutComments(text, units)
    .replace(blockTag, '\n')
    .replace(tag, (found) => (inlineTag.test(found) ? ' ' : '\n'))
    .replace(/&(amp|lt|gt|quot|apos|nbsp);/g, (_, name: string) => entities[name] ?? ' ')
    .replace(/&#(\d{1,6});/g, (whole, code: string) =>
      Number(code) < 0xd800 ? String.fromCodePoint(Number(code)) : whole,
    )
}

/** Comments become units of their own. By search, not by expression: an unclosed comment must not be scanned once for each start. */
function withoutComments(text: string, units: Unit[]): string {
  let plain = ''
  let from = 0
  for (let start = text.indexOf('<!--'); start >= 0; start = text.indexOf('<!--', from)) {
    const end = text.indexOf('-->', start + 4)
    const stop = end < 0 ? text.length : end
    plain += `${text.slice(from, start)}\n`
    units.push({
      layout: 'comment',
      label: '',
      text: text
        .slice(start + 4, stop)
        .replace(/\s+/g, ' ')
        .trim(),
    })
    from = end < 0 ? text.length : end + 3
    if (from >= text.length) break
  }
  return plain + text.slice(from)
}
