/**
 * When somebody spoke, from how loud the packets of a microphone say they are (RFC 6464). Who sends nothing while silent (DTX)
 * is silent.
 */

/**
 * Levels are of -dBov, 0 is the loudest. Speech behind a browser's gain control lies at 15 to 35, of somebody far from the
 * microphone at 45; a room behind its noise suppression is at 60 and more. Higher takes noise for speech.
 */
const loudestSilence = 50
/** Between words and sentences; shorter breaks do not end a span. */
const hangOverMs = 600
/** A key, a cough or a chair is shorter. */
const leastMs = 300
/** An hour of talk makes some hundreds. When there are more, spans that lie closest together are joined. */
const mostSpans = 5000

export type Span = [fromMs: number, toMs: number]

export class SpeechSpans {
  #spans: Span[] = []
  #from = 0
  #to: number | undefined

  /** A packet of sound; times may not go back by more than a packet. */
  add(packet: { readonly timeMs: number; readonly durationMs: number; readonly level: number }): void {
    if (packet.level >= loudestSilence) return
    if (this.#to === undefined || packet.timeMs - this.#to > hangOverMs) {
      this.#end()
      this.#from = packet.timeMs
    }
    this.#to = packet.timeMs + packet.durationMs
  }

  /** All of them so far, the present one, too. */
  get spans(): readonly Span[] {
    return this.#to !== undefined && this.#to - this.#from >= leastMs
      ? [...this.#spans, [this.#from, this.#to]]
      : this.#spans
  }

  #end(): void {
    if (this.#to === undefined || this.#to - this.#from < leastMs) return
    this.#spans.push([this.#from, this.#to])
    this.#spans = bounded(this.#spans)
  }
}

/** At most so many spans that a manifest stays small; where there are too many, those closest together are joined. */
export function bounded(spans: Span[]): Span[] {
  let result = spans
  for (let withinMs = hangOverMs; result.length > mostSpans; withinMs *= 2) result = joined(result, withinMs)
  return result
}

function joined(spans: readonly Span[], withinMs: number): Span[] {
  const result: Span[] = []
  for (const [from, to] of spans) {
    const last = result.at(-1)
    if (last && from - last[1] <= withinMs) result[result.length - 1] = [last[0], to]
    else result.push([from, to])
  }
  return result
}
