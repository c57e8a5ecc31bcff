/** Splits text into plain parts and web addresses. Only http and https become links, checked by the URL parser. */

export interface TextPart {
  readonly text: string
  readonly href?: string
}

const candidate = /\bhttps?:\/\/[^\s<>"']+/gi
const trailing = /[.,;:!?)\]}»”’]+$/

export function splitLinks(text: string): TextPart[] {
  const parts: TextPart[] = []
  let at = 0
  for (const match of text.matchAll(candidate)) {
    const raw = match[0]
    let end = raw.replace(trailing, '')
    // A closing bracket that belongs to an opening one inside the address stays.
    if (raw[end.length] === ')' && end.includes('(') && !end.includes(')')) end += ')'
    const href = safeHref(end)
    if (href === undefined) continue
    if (match.index > at) parts.push({ text: text.slice(at, match.index) })
    parts.push({ text: end, href })
    at = match.index + end.length
  }
  if (at < text.length) parts.push({ text: text.slice(at) })
  return parts
}

function safeHref(text: string): string | undefined {
  try {
    const url = new URL(text)
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined
  } catch {
    return undefined
  }
}
