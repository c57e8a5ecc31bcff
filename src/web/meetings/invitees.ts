/** E-mail addresses as people type and paste them. */

export interface Address {
  readonly email: string
  readonly name?: string
}

export interface ReadAddresses {
  readonly found: readonly Address[]
  /** What looks like no address, as it was typed. */
  readonly wrong: readonly string[]
}

/** Loose on purpose: the server has the last word, this finds slips of the finger. */
const shape = /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+\.[^\s@<>,;:"()[\]\\.]{2,}$/

export function isEmail(text: string): boolean {
  return text.length <= 254 && shape.test(text) && !text.includes('..')
}

/**
 * Reads a list separated by commas, semicolons, lines or spaces; names may stand beside the addresses, as mail programs
 * copy them: `Ana Petrović <ana@example.org>, "Weber, Jonas" <jonas@example.org>`. Each address comes once.
 */
export function readAddresses(text: string): ReadAddresses {
  const found = new Map<string, Address>()
  const wrong: string[] = []
  for (const piece of pieces(text)) {
    const match = /^(.*?)<\s*([^<>\s]+)\s*>$/s.exec(piece)
    const email = (match?.[2] ?? piece).replace(/^mailto:/i, '').toLowerCase()
    const name = match?.[1]
      ?.trim()
      .replace(/^["']|["']$/g, '')
      .trim()
    if (!isEmail(email)) wrong.push(piece)
    else if (!found.has(email)) found.set(email, { email, ...(name ? { name } : {}) })
  }
  return { found: [...found.values()], wrong }
}

/** Splits at separators that are in no quotation marks, then, where there is no `<…>`, at spaces. */
function pieces(text: string): string[] {
  const split = text.match(/(?:"[^"\n]*"|[^,;\n])+/g) ?? []
  return split
    .flatMap((each) => (each.includes('<') ? each.split(/(?<=>)\s+/) : each.split(/\s+/)))
    .map((each) => each.trim())
    .filter((each) => each !== '')
}
