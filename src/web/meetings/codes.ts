/** Codes of meetings as people type, read aloud and paste them: `abc-defg-hjk`. */

const lengths = [3, 4, 3] as const
/** The server leaves out what is mistaken for something else. That also keeps codes apart from the names of rooms. */
const shape = /^[a-hjkmnp-tvxyz]{10}$/

/** The code in a code or a link; undefined where there is none. Capitals, spaces and missing dashes are forgiven. */
export function readCode(text: string): string | undefined {
  const path = /\/m\/([^/?#\s]+)/.exec(text.trim())?.[1]
  return path === undefined ? shapeOf(text) : shapeOf(path)
}

function shapeOf(text: string): string | undefined {
  const letters = text.trim().toLowerCase().replace(/[-\s]/g, '')
  if (!shape.test(letters)) return undefined
  const [a, b] = lengths
  return `${letters.slice(0, a)}-${letters.slice(a, a + b)}-${letters.slice(a + b)}`
}

export function meetingPath(code: string): string {
  return `/m/${encodeURIComponent(code)}`
}

/** Six digits, easy to read aloud; each try at a meeting is limited by the server. */
export function randomPasscode(random: () => number = randomDigit): string {
  return Array.from({ length: 6 }, random).join('')
}

function randomDigit(): number {
  // 250 of the 256 values share out evenly.
  for (;;) {
    const value = crypto.getRandomValues(new Uint8Array(1))[0] ?? 255
    if (value < 250) return value % 10
  }
}
