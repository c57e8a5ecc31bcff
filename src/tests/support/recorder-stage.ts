import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { createWorker, type types } from 'mediasoup'
import type { RecorderStatistics } from '../../../recorder/messages.ts'
import { openTap, type OpenTap } from '../../../recorder/open-tap.ts'
import { Recorder } from '../../../recorder/recorder.ts'
import { findWorkerBinary } from '../../../workers/binary/resolve.ts'
import { createLog } from '../../lib/log.ts'
import type { Publisher } from './publisher.ts'
import { until } from './until.ts'

const videoCodec = (name: string, preferredPayloadType: number, parameters: object = {}) =>
  ({
    kind: 'video',
    mimeType: `video/${name}`,
    clockRate: 90_000,
    preferredPayloadType,
    parameters,
  }) as types.RouterRtpCodecCapability

const h264Parameters = { 'packetization-mode': 1, 'profile-level-id': '42e01f', 'level-asymmetry-allowed': 1 }
const codecs: types.RouterRtpCodecCapability[] = [
  { kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2, preferredPayloadType: 100 },
  videoCodec('VP8', 101),
  videoCodec('VP9', 103, { 'profile-id': 0 }),
  videoCodec('H264', 105, h264Parameters),
  videoCodec('AV1', 107),
]

export interface RecorderStage {
  readonly worker: types.Worker
  readonly router: types.Router
  readonly recorder: Recorder
  /** A folder for one recording. */
  folder(): string
  /** What ended without being asked: recordings, and the process. */
  readonly ended: string[]
  /** Another process in place of one that died. */
  restart(): Promise<void>
}

export async function startRecorderWorker(): Promise<types.Worker> {
  const binary = await findWorkerBinary()
  if (!binary) throw new Error('no mediasoup worker: npm test gets one first')
  return createWorker({ workerBin: binary.path, logLevel: 'error' })
}

/** A worker, a router with every codec, and a recorder process for all tests of a file. */
export function useRecorderStage(): RecorderStage {
  let worker: types.Worker
  let router: types.Router
  let recorder: Recorder
  let root: string
  let folders = 0
  const ended: string[] = []
  const startRecorder = async (): Promise<void> => {
    recorder = await Recorder.create({
      log: createLog({ level: 'silent', pretty: false }),
      onEnded: (recordingId, reason) => ended.push(`${recordingId} ${reason}`),
      onDied: () => ended.push('died'),
    })
  }
  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'sluice-recorder-'))
    worker = await startRecorderWorker()
    router = await worker.createRouter({ mediaCodecs: codecs })
    await startRecorder()
  })
  after(async () => {
    await recorder?.close()
    worker?.close()
    if (worker && !worker.subprocessClosed) await once(worker, 'subprocessclose')
    rmSync(root, { recursive: true, force: true })
  })
  return {
    get worker() {
      return worker
    },
    get router() {
      return router
    },
    get recorder() {
      return recorder
    },
    folder: () => join(root, String(folders++)),
    ended,
    restart: startRecorder,
  }
}

/** Records a producer of somebody. */
export function record(
  stage: RecorderStage,
  recordingId: string,
  publisher: { producer: types.Producer; kind: string },
): Promise<OpenTap> {
  return openTap({
    recorder: stage.recorder,
    router: stage.router,
    producerId: publisher.producer.id,
    recordingId,
    trackId: publisher.kind === 'audio' ? 'ana-microphone' : 'ana-camera',
    participantId: 'ana',
    displayName: 'Ana',
    source: publisher.kind === 'audio' ? 'microphone' : 'camera',
  })
}

/** Whatever says what has come: a recorder, or who has one. */
interface Counting {
  statistics(): Promise<RecorderStatistics | undefined>
}

/** Waits until all that these publishers sent is here. They began to send when they were recorded, and lose nothing. */
export async function everythingHasCome(
  recorder: Counting,
  recordingId: string,
  publishers: readonly Publisher[],
): Promise<void> {
  const sent = publishers.reduce((sum, { packetsSent }) => sum + packetsSent, 0)
  await until(
    `all ${sent} packets are here`,
    async () => {
      const tracks = await tracksOf(recorder, recordingId)
      return tracks.reduce((sum, { packets, duplicates }) => sum + packets - duplicates, 0) >= sent
    },
    { why: () => recorder.statistics() },
  )
}

/**
 * Waits until something of each track has come, and nothing for so long: where nobody can say how much will come, because
 * some is lost or not forwarded.
 */
export async function nothingComesAnyMore(
  recorder: Counting,
  recordingId: string,
  quietMs: number,
): Promise<void> {
  await until(
    `nothing has come for ${quietMs} ms`,
    async () => (await tracksOf(recorder, recordingId)).every(({ quietForMs = 0 }) => quietForMs > quietMs),
    { why: () => recorder.statistics() },
  )
}

async function tracksOf(recorder: Counting, recordingId: string) {
  const found = (await recorder.statistics())?.recordings.find((one) => one.recordingId === recordingId)
  if (!found || found.tracks.length === 0) throw new Error(`nothing is recorded of ${recordingId}`)
  return found.tracks
}
