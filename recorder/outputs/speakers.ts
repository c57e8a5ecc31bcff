import type { Person } from './people.ts'
import { contains, mergeSpans, type Span } from './spans.ts'

/** Who is large in the layout of speakers, and until when. Pure. */
export interface Turn extends Span {
  readonly participantId: string
}

const stepMs = 200
/** A breath does not end a turn. */
const breathMs = 800
/** Raising it keeps coughs and "yes" small; lowering it shows sooner who speaks. */
const takesOverAfterMs = 1500
/** Raising it calms the picture. */
const staysForMs = 3000

/** Nobody while nobody is there. Whoever is large stays so until somebody else goes on speaking in their silence. */
export function turnsOf(people: readonly Person[], durationMs: number): Turn[] {
  const turns: Turn[] = []
  const states = people.map((person) => ({ person, spoken: mergeSpans(person.speech, breathMs), next: 0 }))
  let current: Person | undefined
  let sinceMs = 0
  for (let atMs = 0; atMs < durationMs; atMs += stepMs) {
    const there = states.filter(({ person }) => contains(person.presence, atMs))
    const voices = there.map((state) => ({ person: state.person, ...voiceAt(state, atMs) }))
    const mine = voices.find(({ person }) => person === current)
    const loudest = voices.reduce<(typeof voices)[number] | undefined>(
      (best, voice) =>
        best === undefined ||
        voice.forMs > best.forMs ||
        (voice.forMs === best.forMs && voice.lastMs > best.lastMs)
          ? voice
          : best,
      undefined,
    )
    const isTaken =
      loudest !== undefined &&
      mine?.forMs === 0 &&
      loudest.forMs >= takesOverAfterMs &&
      atMs - sinceMs >= staysForMs
    if (mine && !isTaken) continue
    if (current) turns.push({ fromMs: sinceMs, toMs: atMs, participantId: current.participantId })
    current = loudest?.person
    sinceMs = atMs
  }
  if (current) turns.push({ fromMs: sinceMs, toMs: durationMs, participantId: current.participantId })
  return turns
}

/** For how long somebody has been speaking, 0 if not, and when they last did. `next` only moves forward. */
function voiceAt(
  state: { readonly spoken: readonly Span[]; next: number },
  atMs: number,
): { forMs: number; lastMs: number } {
  while (state.next < state.spoken.length && state.spoken[state.next]!.toMs <= atMs) state.next++
  const span = state.spoken[state.next]
  if (span && span.fromMs < atMs) return { forMs: atMs - span.fromMs, lastMs: atMs }
  return { forMs: 0, lastMs: state.spoken[state.next - 1]?.toMs ?? -1 }
}
