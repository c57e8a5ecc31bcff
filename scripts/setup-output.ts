import type { BuildProgress } from '../workers/binary/build.ts'

/** Writes what set-up does: a line per step, and progress on one changing line where there is a terminal. */
export class SetupOutput {
  readonly #stream: NodeJS.WriteStream
  #progressShown = false
  #reported = 0

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream
  }

  readonly report = (line: string): void => {
    this.#clearProgress()
    this.#stream.write(`set-up: ${line}\n`)
  }

  readonly progress = ({ done, total }: BuildProgress): void => {
    const text = `building the worker: ${done} of ${total} files`
    if (this.#stream.isTTY) {
      this.#stream.write(`\r\x1b[Kset-up: ${text}`)
      this.#progressShown = true
      return
    }
    const tenth = Math.floor((done * 10) / total)
    if (tenth > this.#reported) {
      this.#reported = tenth
      this.#stream.write(`set-up: ${text}\n`)
    }
  }

  #clearProgress(): void {
    if (this.#progressShown) this.#stream.write('\r\x1b[K')
    this.#progressShown = false
  }
}
