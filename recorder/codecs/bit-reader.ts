/** Reads numbers of some bits, most significant first. Beyond the end it reads zeros. */
export class BitReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  bit(): number {
    const byte = this.#bytes[this.#at >> 3] ?? 0
    const value = (byte >> (7 - (this.#at & 7))) & 1
    this.#at++
    return value
  }

  flag(): boolean {
    return this.bit() === 1
  }

  /** Up to 32 bits. */
  bits(count: number): number {
    let value = 0
    for (let read = 0; read < count; read++) value = value * 2 + this.bit()
    return value
  }

  /** An unsigned Exp-Golomb number, as in H.264. */
  golomb(): number {
    let zeros = 0
    while (zeros < 32 && this.bit() === 0) zeros++
    return 2 ** zeros - 1 + this.bits(zeros)
  }

  /** A signed Exp-Golomb number. */
  signedGolomb(): number {
    const coded = this.golomb()
    return coded % 2 === 1 ? (coded + 1) / 2 : -coded / 2
  }
}
