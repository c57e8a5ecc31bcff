import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Manifest, RecordedFile } from '../../recorder/manifest.ts'
import { atPace } from './support/at-pace.ts'
import { NaiveRecorder } from './support/naive-recorder.ts'
import { Publisher } from './support/publisher.ts'
import { decodePictures, encodePictures, run } from './support/recorder-media.ts'
import { nothingComesAnyMore, record, useRecorderStage } from './support/recorder-stage.ts'

// What goes wrong when mediasoup sends straight into FFmpeg, and does not here: both record the same at the same time.

const stage = useRecorderStage()
const camera = encodePictures({ codec: 'vp8', frames: 200, keyEvery: 100, kbps: 1000 })
const silence = { data: Buffer.from([0xf8, 0xff, 0xfe]), isKey: true }
/** Above what mediasoup takes (10000 to 59999) and what Linux gives to whoever asks for any (32768 to 60999). */
let port = 61_000

interface Both {
  readonly naive: NaiveRecorder
  stop(): Promise<{ manifest: Manifest; path: (file: RecordedFile) => string }>
}

async function recordBoth(
  recordingId: string,
  publishers: readonly Publisher[],
  ffmpegArguments: readonly string[] = [],
): Promise<Both> {
  const folder = stage.folder()
  mkdirSync(folder, { recursive: true })
  const naive = await NaiveRecorder.start({
    router: stage.router,
    producers: publishers.map(({ producer }) => producer),
    path: join(folder, 'naive.mkv'),
    port: (port += 10),
    arguments: ffmpegArguments,
  })
  await stage.recorder.start({ recordingId, folder, minFreeBytes: 0 })
  for (const publisher of publishers) await record(stage, recordingId, publisher)
  return {
    naive,
    stop: async () => {
      await nothingComesAnyMore(stage.recorder, recordingId, 200)
      await naive.stop()
      const manifest = await stage.recorder.stop({ recordingId, reason: 'stopped' })
      for (const publisher of publishers) publisher.close()
      return { manifest, path: (file) => join(folder, file.name) }
    },
  }
}

function videoFiles(manifest: Manifest): RecordedFile[] {
  return manifest.tracks.find(({ source }) => source === 'camera')!.files
}

/** Milliseconds between each packet of a stream and the next, as the file says. */
async function steps(path: string, stream: string): Promise<number[]> {
  const args = [
    '-v',
    'error',
    '-select_streams',
    stream,
    '-show_entries',
    'packet=pts_time',
    '-of',
    'csv=p=0',
    path,
  ]
  const times = (await run('ffprobe', args))
    .toString()
    .trim()
    .split('\n')
    .map((line) => Number.parseFloat(line) * 1000)
  return times.slice(1).map((time, place) => Math.round(time - times[place]!))
}

/** What can be seen of the naive recording, if there is one. */
async function naivePictures(naive: NaiveRecorder): Promise<number[]> {
  if (!existsSync(naive.path)) return []
  return (await decodePictures(naive.path).catch(() => [])).map(({ number }) => number)
}

const now = () => performance.timeOrigin + performance.now()

test('no key frame for a while: nothing of what follows it is lost, nor of the sound before', async () => {
  const pictures = await encodePictures({ codec: 'h264', frames: 200, keyEvery: 100, kbps: 1000 })
  const video = await Publisher.create(stage.router, { codec: 'h264' })
  const audio = await Publisher.create(stage.router, { codec: 'opus' })
  // FFmpeg looks for five seconds by default; two make the test shorter and show the same.
  const both = await recordBoth('late-key', [audio, video], ['-analyzeduration', '2000000'])
  const startMs = now()
  // The publisher was there before, and does not hear that a key frame is wanted: the next one is the 101st.
  await atPace(380, 20, (place) => {
    audio.send(silence, { capturedMs: startMs + place * 20 })
    if (place % 2 === 0) video.send(pictures[10 + place / 2]!, { capturedMs: startMs + place * 20 })
  })
  const { manifest, path } = await both.stop()

  assert.ok(video.keyFrameRequests > 0, 'it was asked for one')
  const [file] = videoFiles(manifest)
  assert.deepEqual(
    (await decodePictures(path(file!))).map(({ number, timeMs }) => [number, timeMs]),
    Array.from({ length: 100 }, (_, place) => [100 + place, place * 40]),
  )
  const [microphone] = manifest.tracks.find(({ source }) => source === 'microphone')!.files
  assert.equal(microphone?.frames, 380)
  assert.ok(Math.abs(file!.offsetMs - microphone.offsetMs - 3600) < 40)
  assert.deepEqual(await naivePictures(both.naive), [], 'FFmpeg alone gives up')
})

test('the first sender report moves no picture', async () => {
  const pictures = await camera
  const video = await Publisher.create(stage.router, { codec: 'vp8' })
  const audio = await Publisher.create(stage.router, { codec: 'opus' })
  const both = await recordBoth('report', [audio, video])
  const startMs = now()
  // The camera comes up later than the microphone, as it does.
  await atPace(300, 20, (place) => {
    audio.send(silence, { capturedMs: startMs + place * 20 })
    const picture = place >= 60 && place % 2 === 0 ? pictures[(place - 60) / 2] : undefined
    if (picture) video.send(picture, { capturedMs: startMs + place * 20 })
  })
  const { manifest, path } = await both.stop()

  const [file] = videoFiles(manifest)
  assert.deepEqual([...new Set(await steps(path(file!), 'v'))], [40])
  const [microphone] = manifest.tracks.find(({ source }) => source === 'microphone')!.files
  const apartMs = file!.offsetMs - microphone!.offsetMs
  assert.ok(Math.abs(apartMs - 1200) < 40, `the camera came 1200 ms later, the manifest says ${apartMs}`)

  const naive = [...(await steps(both.naive.path, 'v')), ...(await steps(both.naive.path, 'a'))]
  const jumps = naive.filter((step) => step > 300 || step <= 0)
  assert.ok(
    jumps.length > 0 || /Non-monotonous|non monotonically/.test(both.naive.said),
    'FFmpeg alone jumps',
  )
})

test('packets that come again after half a second are in the file', async () => {
  const pictures = await camera
  const video = await Publisher.create(stage.router, { codec: 'vp8', answerMs: 500 })
  const both = await recordBoth('recovered', [video])
  const startMs = now()
  await atPace(100, 40, (place) =>
    video.send(pictures[place]!, {
      capturedMs: startMs + place * 40,
      withhold: [10, 30, 50].includes(place),
    }),
  )
  const { manifest, path } = await both.stop()

  const [file] = videoFiles(manifest)
  assert.deepEqual(
    (await decodePictures(path(file!))).map(({ number, timeMs }) => [number, timeMs]),
    Array.from({ length: 100 }, (_, place) => [place, place * 40]),
  )
  assert.equal(manifest.tracks[0]?.statistics.lost, 0)
  const naive = await naivePictures(both.naive)
  assert.ok(naive.length < 100 || /dropping old packet/.test(both.naive.said), 'FFmpeg alone leaves them out')
})

test('a camera that is off at first and for a while later: sound is whole, and the times between are in the file', async () => {
  const pictures = await camera
  const video = await Publisher.create(stage.router, { codec: 'vp8' })
  const audio = await Publisher.create(stage.router, { codec: 'opus' })
  await video.producer.pause()
  const both = await recordBoth('mute', [audio, video], ['-analyzeduration', '2000000'])
  const startMs = now()
  const isOn = (ms: number) => (ms >= 3000 && ms < 4000) || ms >= 6000
  await atPace(400, 20, (place) => {
    const ms = place * 20
    audio.send(silence, { capturedMs: startMs + ms })
    if (ms === 2800 || ms === 5800) void video.producer.resume()
    if (ms === 4000) void video.producer.pause()
    // On again with a key frame, as every camera does.
    const picture = ms < 4000 ? (ms - 3000) / 40 : 100 + (ms - 6000) / 40
    if (isOn(ms) && place % 2 === 0) video.send(pictures[picture]!, { capturedMs: startMs + ms })
  })
  const { manifest, path } = await both.stop()

  const [microphone] = manifest.tracks.find(({ source }) => source === 'microphone')!.files
  assert.deepEqual([microphone?.frames, microphone?.durationMs], [400, 8000])
  const [file, ...others] = videoFiles(manifest)
  assert.equal(others.length, 0)
  const expected = [...Array(25).keys()].map((place) => [place, place * 40])
  for (let place = 0; place < 50; place++) expected.push([100 + place, 3000 + place * 40])
  assert.deepEqual(
    (await decodePictures(path(file!))).map(({ number, timeMs }) => [number, timeMs]),
    expected,
  )
  assert.deepEqual(file!.gaps, [{ fromMs: 960, toMs: 3000, lostPackets: 0 }])
  assert.ok(Math.abs(file!.offsetMs - microphone!.offsetMs - 3000) < 40)

  const naive = existsSync(both.naive.path) ? await steps(both.naive.path, 'v').catch(() => []) : []
  assert.ok(naive.length < 74 || !naive.includes(2040), `FFmpeg alone: ${naive.length} pictures`)
})

test('another resolution: each file says the size of its pictures', async () => {
  const small = (await camera).slice(0, 50)
  const large = await encodePictures({ codec: 'vp8', frames: 50, width: 640, height: 480, firstNumber: 50 })
  const video = await Publisher.create(stage.router, { codec: 'vp8' })
  const both = await recordBoth('resolution', [video])
  const startMs = now()
  await atPace(100, 40, (place) =>
    video.send([...small, ...large][place]!, { capturedMs: startMs + place * 40 }),
  )
  const { manifest, path } = await both.stop()

  const files = videoFiles(manifest)
  assert.equal(files.length, 2)
  assert.ok(Math.abs(files[1]!.offsetMs - files[0]!.offsetMs - 2000) <= 1)
  for (const file of files) {
    assert.equal((await decodePictures(path(file))).length, 50)
    assert.deepEqual(await sizes(path(file)), [`${file.width}x${file.height}`])
  }
  assert.ok((await sizes(both.naive.path)).length > 1, 'FFmpeg alone puts both into one track')
})

/** The sizes of pictures in a file, and what its head says. */
async function sizes(path: string): Promise<string[]> {
  const args = [
    '-v',
    'error',
    '-select_streams',
    'v',
    '-show_entries',
    'stream=width,height:frame=width,height',
  ]
  const lines = (await run('ffprobe', [...args, '-of', 'csv=p=0:s=x', path])).toString().trim().split('\n')
  return [...new Set(lines.filter((line) => /^\d+x\d+$/.test(line)))]
}
