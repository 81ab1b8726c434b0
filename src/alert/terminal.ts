/** Columns, wrapping and colour for people at a terminal. Text is neutralised before it comes here. */

export const colours = {
  plain: '',
  bold: '1',
  dim: '2',
  red: '1;31',
  yellow: '33',
  cyan: '36',
  onRed: '1;97;41',
  onYellow: '1;30;43',
  onCyan: '1;30;46',
} as const
export type Colour = keyof typeof colours
export type Paint = (colour: Colour, text: string) => string

/** Paints where colours are wanted, else leaves the text as it is. */
export const painter =
  (wanted: boolean): Paint =>
  (colour, text) =>
    wanted && colours[colour] !== '' ? `\u001b[${colours[colour]}m${text}\u001b[0m` : text

const wide = /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}|[！-｠]/u

/** Cells that a text takes: two for East Asian wide characters and emoji, none for marks. */
export function widthOf(text: string): number {
  let cells = 0
  for (const character of text) cells += /\p{M}/u.test(character) ? 0 : wide.test(character) ? 2 : 1
  return cells
}

export const padded = (text: string, cells: number): string => text + ' '.repeat(Math.max(0, cells - widthOf(text)))

/** Exactly `cells` wide: filled up, or cut with an ellipsis. */
export function fitted(text: string, cells: number): string {
  if (widthOf(text) <= cells) return padded(text, cells)
  const [piece = ''] = pieces(text, cells - 1)
  return padded(`${piece}…`, cells)
}

/** Lines of at most `cells`, broken between words where possible. At least one line. */
export function wrapped(text: string, cells: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap((long) => pieces(long, cells))) {
    const longer = line === '' ? word : `${line} ${word}`
    if (widthOf(longer) <= cells) line = longer
    else {
      lines.push(line)
      line = word
    }
  }
  return [...lines, line]
}

/** A word that is longer than a line, in lines. */
function pieces(word: string, cells: number): string[] {
  if (widthOf(word) <= cells) return [word]
  const found: string[] = []
  let piece = ''
  for (const character of word) {
    if (widthOf(piece + character) > cells) {
      found.push(piece)
      piece = ''
    }
    piece += character
  }
  return [...found, piece]
}
