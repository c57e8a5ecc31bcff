import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { recordedCodecs } from './codecs/depacketizer.ts'

/** What a folder of a recording holds. Each field's meaning is here; everything made of a recording is made from it. */

const oneOf = <const T extends readonly string[]>(values: T, description: string) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values], description })
const count = (description: string) => Type.Integer({ minimum: 0, description })
const offset = (description: string) =>
  Type.Number({ description: `${description}, in milliseconds since startedAt on the server's clock.` })

export const trackEndReasons = [
  'closed', // its publisher ended it
  'left',
  'stopped', // with the recording
  'worker-died',
  'disk-full',
  'disk-error',
  'server-gone',
  'recorder-died',
] as const
export type TrackEndReason = (typeof trackEndReasons)[number]

export const recordingEndReasons = [
  'stopped',
  'room-closed',
  'disk-full',
  'disk-error',
  'server-gone',
  'recorder-died',
  'empty', // nobody was there for too long
  'too-long',
] as const
export type RecordingEndReason = (typeof recordingEndReasons)[number]

const Gap = Type.Object({
  fromMs: Type.Integer({ minimum: 0, description: 'Where it begins, in milliseconds of the file.' }),
  toMs: Type.Integer({ minimum: 0 }),
  lostPackets: count('0: nothing was sent, as by somebody who is muted.'),
})

const RecordedFile = Type.Object(
  {
    name: Type.String({
      description: 'In the folder of the manifest. While it is written, `.part` is behind it.',
    }),
    state: oneOf(
      ['writing', 'finished', 'recovered', 'failed'],
      'recovered: finished after its writer died. failed: the disk refused; what came before may be playable.',
    ),
    offsetMs: offset('When its time 0 was captured'),
    driftPpm: Type.Number({
      description:
        'How much slower the publisher’s clock ran, in parts per million: play it 1 + driftPpm / 1e6 times as long.',
    }),
    clock: oneOf(
      ['sender-reports', 'arrival'],
      'What offset and drift were taken from. arrival: only the way from the publisher is in it, too.',
    ),
    durationMs: count('0 while it is written.'),
    bytes: count(''),
    frames: count('Pictures, or packets of sound.'),
    width: Type.Optional(count('Of video.')),
    height: Type.Optional(count('Of video.')),
    startReason: oneOf(
      ['first', 'format-changed', 'clock-changed', 'source-changed'],
      'format-changed: another size or other parameters of the codec. source-changed: another SSRC.',
    ),
    gaps: Type.Array(Gap, {
      description: 'Holes of a second or more, and every loss. They are left as time in the file.',
    }),
    moreGaps: count('Gaps that are not listed because there are too many.'),
  },
  { additionalProperties: false },
)
export type RecordedFile = Static<typeof RecordedFile>

const TrackStatistics = Type.Object({
  packets: count(''),
  bytes: count(''),
  duplicates: count(''),
  reordered: count('Came out of order but in time: mostly sent again after a loss.'),
  lost: count('Never came, or too late.'),
  late: count('Of the lost ones, those that came too late.'),
  droppedFrames: count('Video frames left out because they were damaged or refer to one that was.'),
  keyFrameRequests: count(''),
  malformed: Type.Optional(count('Packets that are not what their codec says.')),
  socketDrops: Type.Optional(
    count(
      'Thrown away on this machine because the recorder did not read them in time. They are asked for again; those that never came are in lost, too.',
    ),
  ),
})
export type TrackStatistics = Static<typeof TrackStatistics>

/** Of a track of which nothing was counted. */
export const noStatistics: TrackStatistics = Object.freeze({
  packets: 0,
  bytes: 0,
  duplicates: 0,
  reordered: 0,
  lost: 0,
  late: 0,
  droppedFrames: 0,
  keyFrameRequests: 0,
})

const Track = Type.Object(
  {
    trackId: Type.String(),
    participantId: Type.String(),
    displayName: Type.String(),
    source: Type.String({ description: 'microphone, camera, screen, screen-audio or other.' }),
    codec: oneOf(recordedCodecs, ''),
    addedMs: offset('When it was there to be recorded'),
    endedMs: Type.Optional(offset('When it ended')),
    endReason: Type.Optional(oneOf(trackEndReasons, 'Missing while it is recorded.')),
    statistics: TrackStatistics,
    speech: Type.Optional(
      Type.Array(Type.Tuple([offset('From'), offset('To')]), {
        description: 'Of a microphone: when its owner spoke, as the levels in its packets say.',
      }),
    ),
    files: Type.Array(RecordedFile, {
      description: 'In the order of time. None if nothing came that could be kept.',
    }),
  },
  { additionalProperties: false },
)
export type Track = Static<typeof Track>

export const Manifest = Type.Object(
  {
    version: Type.Literal(1, { description: 'Of this schema. A reader refuses one it does not know.' }),
    recordingId: Type.String(),
    state: oneOf(['recording', 'finished'], 'Who finds recording without a recorder calls recover().'),
    startedAt: Type.String({ description: 'ISO 8601 with milliseconds.' }),
    endedAt: Type.Optional(Type.String()),
    endReason: Type.Optional(oneOf(recordingEndReasons, '')),
    writer: Type.Integer({ description: 'Process id of the recorder.' }),
    writerIdentity: Type.Optional(
      Type.String({ description: 'Tells that process from others that had its id. Of Linux only.' }),
    ),
    tracks: Type.Array(Track),
  },
  { additionalProperties: false },
)
export type Manifest = Static<typeof Manifest>

const validator = Compile(Manifest)
export const manifestName = 'manifest.json'

/** Undefined if there is none, or only what a machine that stopped left of one; throws if it is not for this version. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    return parseManifest(await readFile(join(folder, manifestName), 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Undefined for what is no JSON; throws if it is not for this version. */
export function parseManifest(text: string): Manifest | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (validator.Check(value)) return value
  const [first] = validator.Errors(value)
  throw new Error(`it is no manifest of this version: ${first?.instancePath ?? ''} ${first?.message ?? ''}`)
}

/** Writes it so that there is always a whole one, the old or the new. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const path = join(folder, manifestName)
  // At once, before anything is waited for: callers go on changing it.
  const text = manifestText(manifest)
  const handle = await open(`${path}.new`, 'w')
  try {
    await handle.writeFile(text)
    await handle.datasync()
  } finally {
    await handle.close()
  }
  await rename(`${path}.new`, path)
}

const endedTracks = new WeakMap<Track, string>()

/** JSON with a track per line. What is said of a track that has ended is made once: recordings of a day have many. */
function manifestText(manifest: Manifest): string {
  const { tracks, ...rest } = manifest
  const lines = tracks.map((track) => {
    if (track.endReason === undefined) return JSON.stringify(track)
    const text = endedTracks.get(track) ?? JSON.stringify(track)
    endedTracks.set(track, text)
    return text
  })
  return `${JSON.stringify(rest).slice(0, -1)},"tracks":[\n${lines.join(',\n')}\n]}\n`
}
