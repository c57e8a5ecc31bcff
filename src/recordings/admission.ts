/** Admission by cost: what does not fit is refused before it hurts calls and recordings that go on. Pure. */

/**
 * What recording costs, as a share of one core. Measured with `npm run bench -- recording` on 2 cores (recorder/README.md): 0.8 % at
 * rest, and for somebody with a 720p camera and sound 0.25 to 0.5 % on a calm machine, up to 0.67 % on a busy one. The dearer figure
 * counts, nearly all of it for the picture.
 */
const atRest = 0.008
const video = 0.006
const audio = 0.001

/** Recordings are started early: one with less is reckoned as a call of two. */
const fewest: Media = { audio: 2, video: 2 }

/** How much of each kind there is. */
export interface Media {
  readonly audio: number
  readonly video: number
}

export interface Load {
  /** Other rooms that are recorded now, or about to be. */
  readonly recordings: number
  /** What is recorded in them now, or about to be. */
  readonly recorded: Media
  /** What is published in the room that asks. */
  readonly added: Media
  /** What the recorder took of a core in the last seconds; 0 while there is none. */
  readonly recorderShare: number
  /** What the media worker of the room takes of its core. */
  readonly workerShare: number
  /** What all media workers take together, in cores. */
  readonly workersShare: number
  readonly cores: number
}

export interface AdmissionLimits {
  /** `recordings.maxConcurrent` */
  readonly maxConcurrent: number
  /** `recordings.maxCpu` */
  readonly maxCpu: number
  /** `workers.refuseAbove` */
  readonly refuseAbove: number
}

/** What the recorder would take of its core with these; measured shares lag behind what was just added. */
export function recorderShareWith(load: Load): number {
  return recorderShareNow(load) + costOf(load.added)
}

function recorderShareNow({ recorded, recorderShare }: Load): number {
  return Math.max(atRest + costOf(recorded), recorderShare)
}

/** Why one more recording does not fit, for people; undefined if it does. */
export function whyNoCapacity(load: Load, limits: AdmissionLimits): string | undefined {
  const { maxConcurrent, maxCpu, refuseAbove } = limits
  if (load.recordings >= maxConcurrent)
    return `As many rooms are being recorded as may be (${maxConcurrent}).`
  const added = atLeastFewest(load.added)
  if (recorderShareWith({ ...load, added }) > maxCpu) return 'The recorder has no time left for this room.'
  // Each track is one more consumer for the worker of the room, at the price of any other.
  if (load.workerShare > refuseAbove) return 'The media worker of this room has no time left.'
  const free = load.cores - load.workersShare - recorderShareNow(load)
  if (free < costOf(added)) return 'This machine has no time left.'
  return undefined
}

export function atLeastFewest({ audio, video }: Media): Media {
  return { audio: Math.max(audio, fewest.audio), video: Math.max(video, fewest.video) }
}

/** What there is among producers. */
export function mediaOf(producers: readonly { readonly kind: 'audio' | 'video' }[]): Media {
  return {
    audio: producers.filter(({ kind }) => kind === 'audio').length,
    video: producers.filter(({ kind }) => kind === 'video').length,
  }
}

export function sumOf(media: readonly Media[]): Media {
  return {
    audio: media.reduce((sum, one) => sum + one.audio, 0),
    video: media.reduce((sum, one) => sum + one.video, 0),
  }
}

function costOf(media: Media): number {
  return media.audio * audio + media.video * video
}
