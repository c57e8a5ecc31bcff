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

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes[character]!)
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
