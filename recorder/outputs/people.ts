import type { Track } from '../manifest.ts'
import { lengthOf, mergeSpans, type Span } from './spans.ts'

/** Somebody of whom something was recorded. */
export interface Person {
  readonly participantId: string
  readonly name: string
  /** In the order in which they first came: the place of their tile, and its colour. */
  readonly position: number
  readonly presence: readonly Span[]
  /** When they spoke, as their microphones said; none if nobody listened for that. */
  readonly speech: readonly Span[]
  readonly spokeMs: number
}

/** Who leaves for less than this keeps the tile meanwhile: a connection was lost, or a page loaded again. */
const awayMs = 10_000

/** In the order in which they came. */
export function peopleOf(manifest: { readonly tracks: readonly Track[] }, durationMs: number): Person[] {
  const byId = new Map<string, Track[]>()
  for (const track of manifest.tracks) {
    byId.set(track.participantId, [...(byId.get(track.participantId) ?? []), track])
  }
  return [...byId].map(([participantId, tracks], position) => {
    const presence = tracks.map(({ addedMs, endedMs }) => ({
      fromMs: Math.max(0, addedMs),
      toMs: Math.min(endedMs ?? durationMs, durationMs),
    }))
    const spoken = tracks.flatMap(({ speech = [] }) => speech.map(([fromMs, toMs]) => ({ fromMs, toMs })))
    const speech = mergeSpans(spoken)
    return {
      participantId,
      // The last one: people correct their names.
      name: tracks.findLast(({ displayName }) => displayName.trim() !== '')?.displayName ?? '',
      position,
      presence: mergeSpans(presence, awayMs),
      speech,
      spokeMs: lengthOf(speech),
    }
  })
}
