/** Names as they are drawn. Pure. */

const words = new Intl.Segmenter('en', { granularity: 'grapheme' })
/** Control characters, and those that turn around the direction of what follows them. */
// eslint-disable-next-line no-control-regex -- to take them away
const unwanted = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\uffff]/gu

/** On one line, without what cannot be seen, and no longer than fits; what is cut off becomes an ellipsis. */
export function shortName(name: string, options: { width: number; fontSize: number }): string {
  const shown = plainName(name)
  let left = options.width / options.fontSize
  let short = ''
  for (const { segment } of words.segment(shown)) {
    left -= widthOf(segment)
    if (left < 0.7)
      return left < 0 || short.length + segment.length < shown.length ? `${short.trimEnd()}…` : shown
    short += segment
  }
  return shown
}

/** First letters of the first and the last word; empty for an empty name. */
export function initialsOf(name: string): string {
  const parts = plainName(name)
    .split(' ')
    .filter((part) => part !== '')
  const ends = parts.length > 1 ? [parts[0]!, parts.at(-1)!] : parts
  return ends.map((part) => firstOf(part).toLocaleUpperCase('en')).join('')
}

function plainName(name: string): string {
  return name.normalize('NFC').replace(unwanted, ' ').replace(/\s+/gu, ' ').trim()
}

function firstOf(text: string): string {
  for (const { segment } of words.segment(text)) return segment
  return ''
}

/** In heights of the font, a little more than most fonts need. */
function widthOf(grapheme: string): number {
  const code = grapheme.codePointAt(0) ?? 0
  if (code >= 0x1100 && (code <= 0x115f || (code >= 0x2e80 && code <= 0xd7ff) || code >= 0xf900)) return 1.1
  return /[\p{Lu}mwMW@%]/u.test(grapheme) ? 0.75 : 0.56
}
