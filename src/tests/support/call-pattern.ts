/**
 * What people in a test call send, so that any picture and any tone of theirs says whose it is and when it was made. A picture
 * has a frame in its owner's colour around a dark field with the clock in black and white cells; a tone sounds once a second.
 * Pure, and the same for the page that draws it and for the test that looks for it.
 */

/** Red, green and blue, each full or none: such colours survive every codec, and nothing of ours is drawn in them. */
export type Colour = readonly [red: boolean, green: boolean, blue: boolean]

export interface Pattern {
  readonly colour: Colour
  /** Multiples of 50, so that windows of 20 ms tell them apart. */
  readonly toneHz: number
  /** When in each second of the clock the tone begins. */
  readonly phaseMs: number
  /** Of full scale. */
  readonly loudness: number
}

export const patterns = {
  ana: { colour: [true, false, true], toneHz: 700, phaseMs: 0, loudness: 0.3 },
  ben: { colour: [false, true, false], toneHz: 1100, phaseMs: 300, loudness: 0.1 },
  cleo: { colour: [false, true, true], toneHz: 1700, phaseMs: 600, loudness: 0.3 },
} as const satisfies Record<string, Pattern>
export type PatternName = keyof typeof patterns

/** How somebody sends it, where that is not as usual. */
export interface PatternSending {
  readonly camera?: { readonly width: number; readonly height: number; readonly everyMs: number }
  /** One size only. */
  readonly isSingle?: boolean
  /** By how many parts per million the clock of the sound card is faster than that of the machine. */
  readonly cardPpm?: number
}

/** Of a shared screen; it has no tone. */
export const screenColour: Colour = [true, true, false]

export const toneMs = 200
export const toneEveryMs = 1000

/** The dark field, in parts of width and height. Below it there is room for a name. */
export const field = { left: 0.12, top: 0.12, right: 0.88, bottom: 0.76 } as const
export const cells = { columns: 8, rows: 2 } as const

const unitMs = 10
const clockBits = 12
const checkBits = 4
/** After so long the clock in the picture begins again. */
export const clockRangeMs = unitMs * 2 ** clockBits

/** The clock as cells, in reading order: its bits and a checksum, that of a field of one colour is wrong. */
export function cellsOf(momentMs: number): boolean[] {
  const clock = Math.floor(momentMs / unitMs) % 2 ** clockBits
  const word = clock * 2 ** checkBits + checksum(clock)
  return Array.from({ length: clockBits + checkBits }, (_, place) =>
    bitOf(word, clockBits + checkBits - 1 - place),
  )
}

/** When such a picture was drawn: the moment nearest to `nearMs`. Undefined if the cells are no clock. */
export function momentOf(shown: readonly boolean[], nearMs: number): number | undefined {
  const word = shown.reduce((sum, bit) => sum * 2 + Number(bit), 0)
  const clock = Math.floor(word / 2 ** checkBits)
  if (word % 2 ** checkBits !== checksum(clock)) return undefined
  const turns = Math.round((nearMs - clock * unitMs) / clockRangeMs)
  return turns * clockRangeMs + clock * unitMs
}

function checksum(clock: number): number {
  return (clock ^ (clock >> 4) ^ (clock >> 8) ^ 0b0101) & 0b1111
}

function bitOf(word: number, place: number): boolean {
  return ((word >> place) & 1) === 1
}
