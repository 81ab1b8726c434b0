/**
 * Text that came from an event was written by whoever wrote the ticket, the web page or the tool's name. Here it is made
 * safe to show, for each place that shows it. Every text of an incident passes one of these on its way out, also our own
 * sentences, since they quote names from events.
 */

/** Whatever a terminal, an editor or a mail reader would act on or hide: controls, bidi, zero-width, tags, lone surrogates. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]+/gu
const lineBreaks = /[\t\n\v\f\r\u0085\u2028\u2029]+/g
const spaces = /\p{Zs}+/gu
/** More than three marks on one letter draw over the neighbouring lines. */
const markPile = /(\p{M}{3})\p{M}+/gu

/**
 * One line for a terminal, at most `most` code points. Controls become their pictures (`␛[2J`), a bidirectional or
 * zero-width character its code (`⟨U+202E⟩`), a run of them their number, since an analyst wants to know that they were
 * there. Line breaks become a space.
 */
export function forTerminal(text: string, most = 400): string {
  return cut(
    bounded(text, most).replace(lineBreaks, ' ').replace(unseen, pictured).replace(spaces, ' ').replace(markPile, '$1'),
    most,
  )
}

/**
 * One line for a message that people read elsewhere (webhook, chat, mail), at most `most` code points. What is unseen is
 * removed, and addresses are defanged, so that no reader's link detection makes an attacker's URL clickable:
 * `https://a.b/c` becomes `hxxps://a[.]b/c`. Markup of one destination (Slack, HTML) is that notifier's to escape.
 */
export function forMessage(text: string, most = 400): string {
  return cut(
    defanged(
      bounded(text, most).replace(lineBreaks, ' ').replace(unseen, '').replace(spaces, ' ').replace(markPile, '$1'),
    ),
    most,
  )
}

/** Lines of text for a block that keeps its spaces and line feeds, at most `most` UTF-16 units; what is unseen as in {@link forTerminal}. */
export function forBlock(text: string, most = 50_000): string {
  const seen = (line: string): string =>
    line.replace(/\t/g, '  ').replace(lineBreaks, ' ').replace(unseen, pictured).replace(markPile, '$1')
  return text.slice(0, most).split(/\r?\n/).map(seen).join('\n')
}

/** Applies {@link forMessage} to every string in a JSON value, keys included. */
export function messageSafe(value: unknown): unknown {
  if (typeof value === 'string') return forMessage(value)
  if (Array.isArray(value)) return value.map(messageSafe)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [forMessage(key), messageSafe(item)]))
  return value
}

/** Work is bounded before it starts: a megabyte of one name costs as much as a line of it. */
const bounded = (text: string, most: number): string => text.slice(0, most * 8)

function cut(text: string, most: number): string {
  const characters = Array.from(text.trim())
  return characters.length <= most ? characters.join('') : `${characters.slice(0, most - 1).join('')}…`
}

function pictured(run: string): string {
  const codes = Array.from(run, (character) => character.codePointAt(0) ?? 0)
  const [code = 0] = codes
  if (codes.length > 1) return `⟨${codes.length} hidden characters⟩`
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  if (code === 0x7f) return '␡'
  // Asks for the coloured form of an emoji, and does no harm alone.
  if (code === 0xfe0f) return ''
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`
}

function defanged(text: string): string {
  return text
    .replace(/http(s?):\/\//gi, 'hxxp$1://')
    .replace(/(?<!hxxps?):\/\//gi, '[:]//')
    .replace(/(?<=(?:hxxps?:|\[:\])\/\/)[^\s/?#]+/gi, (host) => host.replace(/(?<!\[)\.(?!\])/g, '[.]'))
    .replace(/\bwww\./gi, 'www[.]')
}
