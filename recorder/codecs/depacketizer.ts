import { Av1Depacketizer } from './av1.ts'
import { H264Depacketizer } from './h264.ts'
import { OpusDepacketizer } from './opus.ts'
import { Vp8Depacketizer } from './vp8.ts'
import { Vp9Depacketizer } from './vp9.ts'

export const recordedCodecs = ['opus', 'vp8', 'vp9', 'h264', 'av1'] as const
export type RecordedCodec = (typeof recordedCodecs)[number]

/** Of one picture. Slices of a packet each make some thousands; beyond it somebody wants to fill the memory. */
export const mostUnits = 20_000
/** A decoder's configuration has some hundred bytes at most, and each file keeps its own, in 16 bits of length. */
export const longestConfiguration = 4096

/** What a container has to say about a track before its first frame. Told with key frames. */
export interface VideoFormat {
  readonly width: number
  readonly height: number
  /** Configuration of the decoder, where the container keeps it outside the frames (H.264, AV1). */
  readonly codecPrivate?: Buffer
}

/** What a decoder takes at once: one picture, or one packet of sound. */
export interface MediaFrame {
  readonly data: Buffer
  /** Decodes without any frame before it. */
  readonly isKey: boolean
  /** Of key frames of video. */
  readonly format?: VideoFormat
}

/**
 * Makes the frames of one codec from the payloads of its packets. It gets them in order, and is told by `reset` when some
 * are missing; it never sees two frames at once.
 */
export interface Depacketizer {
  /** Whether a key frame begins with this payload, so that one may begin to record here. */
  startsKeyFrame(payload: Buffer): boolean
  /** Adds a payload to the frame in the making. */
  add(payload: Buffer): void
  /** The frame made of what was added since, or undefined if that is not a whole one. */
  take(): MediaFrame | undefined
  /** Forgets what was added. */
  reset(): void
}

export function createDepacketizer(codec: RecordedCodec): Depacketizer {
  switch (codec) {
    case 'opus':
      return new OpusDepacketizer()
    case 'vp8':
      return new Vp8Depacketizer()
    case 'vp9':
      return new Vp9Depacketizer()
    case 'h264':
      return new H264Depacketizer()
    case 'av1':
      return new Av1Depacketizer()
  }
}

/** The codec of a `mimeType` such as `video/VP8`, or undefined if it is none that can be recorded. */
export function recordedCodec(mimeType: string): RecordedCodec | undefined {
  const name = mimeType.split('/')[1]?.toLowerCase()
  return recordedCodecs.find((codec) => codec === name)
}
