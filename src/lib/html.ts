/** Text that is HTML already. */
export class Html {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

type Part = string | number | Html | readonly (string | Html)[]

/** A template whose values are escaped, unless they come out of such a template themselves. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const texts = parts.map((part) =>
    Array.isArray(part) ? part.map(textOf).join('') : textOf(part as string | number | Html),
  )
  return new Html(String.raw({ raw: strings }, ...texts))
}

/** Text that is trusted as it is. */
export function raw(text: string): Html {
  return new Html(text)
}

function textOf(part: string | number | Html): string {
  return part instanceof Html ? part.toString() : escapeHtml(String(part))
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes[character]!)
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/**
 * Paragraphs as a text and as plain HTML, the two forms of a mail. `htmlOf` writes one; left out, it makes no links, since a
 * stranger may have typed what stands there.
 */
export function paragraphs(
  parts: readonly string[],
  htmlOf: (part: string) => Html = (part) => html`${part}`,
): { text: string; html: string } {
  const written = parts.map((part) => `<p>${htmlOf(part).toString()}</p>\n`)
  return { text: `${parts.join('\n\n')}\n`, html: `<!doctype html>\n${written.join('')}` }
}

/** A text with its web addresses as links. What ends a sentence is no part of one. */
export function linked(text: string): Html {
  const parts = text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]])/)
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<a href="${part}">${part}</a>` : part))}`
}

/** The same for a text of several lines. */
export function linkedLines(text: string): Html {
  const lines = text.split('\n').map((line) => linked(line).toString())
  return raw(lines.join('<br>\n'))
}

/** What people typed, on one line: none of it may begin another. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim()
}
