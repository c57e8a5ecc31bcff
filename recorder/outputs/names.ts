/** Names as they are drawn. Pure. */

const words = new Intl.Segmenter('en', { granularity: 'grapheme' })
/** Control characters, and those that turn around the direction of what follows them. */
// eslint-disable-next-line no-control-regex -- to take them away
const unwanted = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\uffff]/gu

/** On one line, without what cannot be seen, and no longer than fits; what is cut off becomes an ellipsis. */
export function shortName(name: string, options: { width: number; fontSize: number }): string {
  const shown = plainName(name)
  const room = options.width / options.fontSize
  const graphemes = Array.from(words.segment(shown), ({ segment }) => segment)
  let width = graphemes.reduce((sum, grapheme) => sum + widthOf(grapheme), 0)
  if (width <= room) return withBracketsInPlace(shown)
  while (graphemes.length > 0 && width > room - widthOf('…')) width -= widthOf(graphemes.pop()!)
  return withBracketsInPlace(`${graphemes.join('').trimEnd()}…`)
}

const fromTheRight =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u
const rightToLeft = '\u200f'

/**
 * libass does not know that brackets come in pairs: in a name that reads from the right, those around a word that does not would
 * stand elsewhere. A mark beside each gives it the direction of the name.
 */
function withBracketsInPlace(name: string): string {
  const [first] = /\p{L}/u.exec(name) ?? []
  if (first === undefined || !fromTheRight.test(first)) return name
  return name.replace(/[()[\]<>«»]/gu, `${rightToLeft}$&${rightToLeft}`)
}

/** Keeps letters of one script from being joined to a word. */
const nonJoiner = '\u200c'

/** First letters of the first and the last word; empty for a name without any. */
export function initialsOf(name: string): string {
  const parts = plainName(name)
    .split(' ')
    .map((part) => part.replace(/^[^\p{L}\p{N}\p{Extended_Pictographic}]+/u, ''))
    .filter((part) => part !== '')
  const ends = parts.length > 1 ? [parts[0]!, parts.at(-1)!] : parts
  return ends.map((part) => firstOf(part).toLocaleUpperCase('en')).join(nonJoiner)
}

function plainName(name: string): string {
  return name.normalize('NFC').replace(unwanted, ' ').replace(/\s+/gu, ' ').trim()
}

/** Of a picture put together from several (a family, a colour of skin) the first: the fonts draw them side by side. */
function firstOf(text: string): string {
  for (const { segment } of words.segment(text)) {
    return /^\p{Extended_Pictographic}/u.test(segment)
      ? String.fromCodePoint(segment.codePointAt(0)!)
      : segment
  }
  return ''
}

/** In sizes of the font, a little more than most fonts need. */
function widthOf(grapheme: string): number {
  const code = grapheme.codePointAt(0) ?? 0
  if (grapheme === '…') return 0.6
  if (code >= 0x1100 && (code <= 0x115f || (code >= 0x2e80 && code <= 0xd7ff) || code >= 0xf900)) return 0.85
  return /[\p{Lu}mwMW@%]/u.test(grapheme) ? 0.6 : 0.46
}
