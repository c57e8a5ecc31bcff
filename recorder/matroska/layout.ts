import { opusHead } from '../codecs/opus.ts'
import type { RecordedCodec, VideoFormat } from '../codecs/depacketizer.ts'
import {
  date,
  element,
  emptySpace,
  fixedSize,
  float,
  idBytes,
  ids,
  text,
  uint,
  unknownSize,
  wideUint,
} from './ebml.ts'

/**
 * How a file of one track is laid out: head, clusters, index. Until it is finished, the segment has no size, and where index
 * and duration will be told there is empty space; players read such a file, too, only without seeking.
 */

export interface TrackHead {
  readonly codec: RecordedCodec
  /** Of video. */
  readonly format?: VideoFormat | undefined
  /** Wall clock of time 0, in milliseconds since 1970. */
  readonly startedMs: number
  readonly title: string
}

/** A frame in its cluster. */
export interface Block {
  readonly data: Buffer
  readonly isKey: boolean
  /** Milliseconds since the start of the file. */
  readonly timeMs: number
}

export interface Cue {
  readonly timeMs: number
  /** From the start of the file. */
  readonly clusterAt: number
}

export const codecIds: Readonly<Record<RecordedCodec, string>> = {
  opus: 'A_OPUS',
  vp8: 'V_VP8',
  vp9: 'V_VP9',
  h264: 'V_MPEG4/ISO/AVC',
  av1: 'V_AV1',
}

/** Places for three positions, each padded to this. */
const seekSpace = 88
const durationSpace = 11
const reservedNames = [ids.info, ids.tracks, ids.cues]

/** WebM is Matroska with the codecs that browsers play; H.264 is not one of them. */
export function isWebm(codec: RecordedCodec): boolean {
  return codec !== 'h264'
}

export function fileHead(track: TrackHead): Buffer {
  const ebml = element(
    ids.ebml,
    uint(ids.ebmlVersion, 1),
    uint(ids.ebmlReadVersion, 1),
    uint(ids.ebmlMaxIdLength, 4),
    uint(ids.ebmlMaxSizeLength, 8),
    text(ids.docType, isWebm(track.codec) ? 'webm' : 'matroska'),
    uint(ids.docTypeVersion, 4),
    uint(ids.docTypeReadVersion, 2),
  )
  const info = element(
    ids.info,
    uint(ids.timestampScale, 1_000_000),
    emptySpace(durationSpace),
    date(ids.dateUtc, track.startedMs),
    text(ids.title, track.title),
    text(ids.muxingApp, 'Sluice'),
    text(ids.writingApp, 'Sluice'),
  )
  return Buffer.concat([
    ebml,
    idBytes(ids.segment),
    unknownSize,
    emptySpace(seekSpace),
    info,
    element(ids.tracks, trackEntry(track)),
  ])
}

function trackEntry({ codec, format }: TrackHead): Buffer {
  const isVideo = codec !== 'opus'
  const codecPrivate = isVideo ? format?.codecPrivate : opusHead
  return element(
    ids.trackEntry,
    uint(ids.trackNumber, 1),
    uint(ids.trackUid, 1),
    uint(ids.trackType, isVideo ? 1 : 2),
    uint(ids.flagLacing, 0),
    text(ids.language, 'und'),
    text(ids.codecId, codecIds[codec]),
    ...(codecPrivate ? [element(ids.codecPrivate, codecPrivate)] : []),
    ...(isVideo
      ? [
          element(
            ids.video,
            uint(ids.pixelWidth, format?.width ?? 0),
            uint(ids.pixelHeight, format?.height ?? 0),
          ),
        ]
      : [
          // A decoder needs to hear so much before what it should play (RFC 7845).
          uint(ids.seekPreRoll, 80_000_000),
          element(ids.audio, float(ids.samplingFrequency, 48_000), uint(ids.channels, 2)),
        ]),
  )
}

/** A cluster of whole size, so that what follows can be found even if one is damaged. */
export function cluster(blocks: readonly Block[]): Buffer {
  const start = blocks[0]?.timeMs ?? 0
  return element(ids.cluster, uint(ids.timestamp, start), ...blocks.map((block) => simpleBlock(block, start)))
}

function simpleBlock({ data, isKey, timeMs }: Block, clusterMs: number): Buffer {
  const head = Buffer.alloc(4)
  head[0] = 0x81
  head.writeInt16BE(timeMs - clusterMs, 1)
  head[3] = isKey ? 0x80 : 0
  return element(ids.simpleBlock, head, data)
}

/** What is written where when a file is finished. */
export interface Patch {
  readonly at: number
  readonly bytes: Buffer
}

/** The parts of a head that are filled in at the end. Undefined for a head that is not whole or not ours. */
export interface HeadPlaces {
  /** Where the content of the segment begins: positions in the index count from here. */
  readonly segmentAt: number
  readonly infoAt: number
  readonly durationAt: number
  readonly tracksAt: number
  /** Where the first cluster begins. */
  readonly end: number
}

/** The index, and what has to be filled in so that players know duration and index. */
export function finishingPatches(options: {
  places: HeadPlaces
  cues: readonly Cue[]
  durationMs: number
  /** Length of the file before the index. */
  end: number
}): Patch[] {
  const { places, cues, durationMs, end } = options
  const index = element(
    ids.cues,
    ...cues.map(({ timeMs, clusterAt }) =>
      element(
        ids.cuePoint,
        uint(ids.cueTime, timeMs),
        element(
          ids.cueTrackPositions,
          uint(ids.cueTrack, 1),
          uint(ids.cueClusterPosition, clusterAt - places.segmentAt),
        ),
      ),
    ),
  )
  const seeks = reservedNames.map((id, place) =>
    element(
      ids.seek,
      element(ids.seekId, idBytes(id)),
      wideUint(ids.seekPosition, [places.infoAt, places.tracksAt, end][place]! - places.segmentAt),
    ),
  )
  const seekHead = element(ids.seekHead, ...seeks)
  return [
    { at: end, bytes: index },
    { at: places.segmentAt, bytes: Buffer.concat([seekHead, emptySpace(seekSpace - seekHead.length)]) },
    { at: places.durationAt, bytes: float(ids.duration, durationMs) },
    // Last: a file that says its size is a finished one.
    { at: places.segmentAt - 8, bytes: fixedSize(end + index.length - places.segmentAt, 8) },
  ]
}
