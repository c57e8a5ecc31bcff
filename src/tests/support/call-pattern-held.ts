import type { Browser } from 'playwright-core'
import type { PatternName } from './call-pattern.ts'
import { PatternCaller, type SentPatterns } from './call-pattern-caller.ts'
import type { Span } from './composite-figures.ts'
import type { RestClient } from './rest-client.ts'

/** When what happened in a call, in milliseconds since 1970. */
export interface Happened {
  readonly published: Readonly<Record<PatternName, number>>
  readonly muted: number
  readonly left: number
  readonly unmuted: number
  readonly returned: number
  readonly shared: number
  readonly unshared: number
  readonly ended: number
}

/** A recorded call of three, and what its people sent, each time they were there. */
export interface HeldCall {
  readonly recordingId: string
  readonly happened: Happened
  readonly sent: Readonly<Record<PatternName, readonly SentPatterns[]>>
}

/**
 * Ana records, Cleo is muted for a while, Ben leaves meanwhile and returns after her, then Ana shares her screen. `rest` is
 * who may make tokens. Takes about 25 seconds.
 */
export async function holdCall(
  browser: Browser,
  { url, rest, room }: { url: string; rest: RestClient; room: string },
): Promise<HeldCall> {
  const enter = async (name: PatternName): Promise<PatternCaller> => {
    const grants = name === 'ana' ? { record: true } : {}
    const { body } = await rest.post(`/rooms/${room}/tokens`, { identity: name, name, grants })
    return PatternCaller.join(browser, { url, room, name, token: body.token })
  }
  const [ana, ben, cleo] = [await enter('ana'), await enter('ben'), await enter('cleo')]
  const recordingId = await ana.record()
  const [a, b, c] = await Promise.all([ana.publish(), ben.publish(), cleo.publish()])
  await ana.sounds(4)
  const muted = await cleo.mute()
  await ana.sounds(2)
  await ben.countEncoded()
  const sentBefore = await ben.sent()
  const left = await ben.leave()
  await ana.sounds(3)
  const unmuted = await cleo.unmute()
  await ana.sounds(1)
  const benAgain = await enter('ben')
  const returned = await benAgain.publish()
  await ana.sounds(4)
  const shared = await ana.share()
  await ana.sounds(4)
  await ana.countEncoded()
  const unshared = await ana.stopSharing()
  await ana.sounds(2)
  const present = [ana, benAgain, cleo]
  await Promise.all(present.map((caller) => caller.countEncoded()))
  const ended = await ana.stopRecording()
  // The tones that were under way are over, too.
  await ana.sounds(1)
  const sent = {
    ana: [await ana.sent()],
    ben: [sentBefore, await benAgain.sent()],
    cleo: [await cleo.sent()],
  }
  await Promise.all(present.map((caller) => caller.close()))
  const published = { ana: a, ben: b, cleo: c }
  return {
    recordingId,
    happened: { published, muted, left, unmuted, returned, shared, unshared, ended },
    sent,
  }
}

/** While somebody was there for certain, as far as their microphone and camera go. */
export function presences(
  { published, left, returned, ended }: Happened,
  name: PatternName,
): readonly Span[] {
  const fromMs = published[name]
  if (name !== 'ben') return [{ fromMs, toMs: ended }]
  return [
    { fromMs, toMs: left },
    { fromMs: returned, toMs: ended },
  ]
}

/** How near to a tone people come, go, or are muted, so that nobody can say whether it must be heard. Milliseconds. */
const edgeMs = 400

/** The middles of tones sent while somebody was to be heard, and whether something is at an edge of such a time. */
export function audibleTones(
  { happened, sent }: HeldCall,
  name: PatternName,
): { audible: number[]; isAtEdge: (at: number) => boolean } {
  const there = presences(happened, name)
  const silent = name === 'cleo' ? [{ fromMs: happened.muted, toMs: happened.unmuted }] : []
  const edges = [...there, ...silent].flatMap(({ fromMs, toMs }) => [fromMs, toMs])
  const isAtEdge = (at: number) => edges.some((edge) => Math.abs(edge - at) < edgeMs)
  const isIn = (spans: readonly Span[], at: number) =>
    spans.some(({ fromMs, toMs }) => at > fromMs && at < toMs)
  const tones = sent[name].flatMap((session) => session.tones)
  return {
    audible: tones.filter((at) => !isAtEdge(at) && isIn(there, at) && !isIn(silent, at)),
    isAtEdge,
  }
}
