import type { Source } from '../protocol/model.ts'

/**
 * What a producer shows, told by its client in `appData.source`: in our words, in mediasoup-demo's (audio, video,
 * screensharing) or in those of other clients of that family (mic, webcam).
 */
const spellings: Readonly<Record<string, { audio?: Source; video?: Source }>> = {
  microphone: { audio: 'microphone' },
  mic: { audio: 'microphone' },
  audio: { audio: 'microphone' },
  camera: { video: 'camera' },
  webcam: { video: 'camera' },
  video: { video: 'camera' },
  screen: { audio: 'screen-audio', video: 'screen' },
  screensharing: { audio: 'screen-audio', video: 'screen' },
  'screen-audio': { audio: 'screen-audio' },
}

export function sourceOf(kind: 'audio' | 'video', told: string | undefined): Source {
  if (told === undefined) return kind === 'audio' ? 'microphone' : 'camera'
  return (Object.hasOwn(spellings, told) ? spellings[told]?.[kind] : undefined) ?? 'other'
}

/** The same in the demo's words, for `appData.source` of a consumer. */
export function demoSource(kind: 'audio' | 'video', source: Source): string {
  if (source === 'screen' || source === 'screen-audio') return 'screensharing'
  return kind
}
