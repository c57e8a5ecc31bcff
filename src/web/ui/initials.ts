/** Letters and a colour that stand for a person without a picture. */

export function initials(name: string): string {
  const words = name.trim().split(/\s+/)
  const first = [...(words[0] ?? '')][0] ?? '?'
  const last = words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : ''
  return (first + last).toLocaleUpperCase()
}

/** Chosen so that white letters are readable on each and none shouts. */
const hues = [186, 205, 228, 262, 318, 348, 12, 28, 152, 168]

export function hueOf(id: string): number {
  let hash = 0
  for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0
  return hues[hash % hues.length] ?? 186
}
