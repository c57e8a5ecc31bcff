import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { RecordedFile } from '../../recorder/manifest.ts'
import { complaintsAbout } from '../../recorder/probe.ts'
import { startBrowserPublisher, type BrowserPublisher } from './support/browser-publisher.ts'
import { ffmpeg, run } from './support/recorder-media.ts'
import { record, useRecorderStage } from './support/recorder-stage.ts'
import { until } from './support/until.ts'

// What a real browser sends, cut into packets and scaled in its own ways.

const stage = useRecorderStage()
let started: Promise<BrowserPublisher> | undefined
after(async () => {
  await (await started)?.close()
})

const simulcast = [4, 2, 1].map((scaleResolutionDownBy, layer) => ({
  rid: `r${layer}`,
  scaleResolutionDownBy,
  maxBitrate: 900_000,
}))

interface Published {
  readonly name: string
  readonly mimeType: string
  readonly encodings?: readonly object[]
  /** How much smaller than the file says a picture may be: a browser may leave out upper layers from one to the next. */
  readonly layers?: readonly number[]
}

const published: readonly Published[] = [
  { name: 'VP8', mimeType: 'video/VP8' },
  { name: 'VP8 simulcast', mimeType: 'video/VP8', encodings: simulcast },
  { name: 'VP9', mimeType: 'video/VP9' },
  {
    name: 'VP9 in layers',
    mimeType: 'video/VP9',
    encodings: [{ scalabilityMode: 'L3T3_KEY' }],
    layers: [1, 2, 4],
  },
  { name: 'H.264', mimeType: 'video/H264' },
  { name: 'AV1', mimeType: 'video/AV1' },
]

for (const { name, mimeType, encodings, layers = [1] } of published) {
  test(`a browser's ${name} and sound are recorded whole`, async () => {
    const recordingId = name.replaceAll(/\W/g, '')
    const folder = stage.folder()
    started ??= startBrowserPublisher(stage.router)
    const browser = await started
    const video = await browser.publish(mimeType, { ...(encodings && { encodings }) })
    const audio = await browser.publish('audio/opus')
    await stage.recorder.start({ recordingId, folder, minFreeBytes: 0 })
    const taps = [
      await record(stage, recordingId, { producer: audio, kind: 'audio' }),
      await record(stage, recordingId, { producer: video, kind: 'video' }),
    ]
    await until(
      'some seconds of both are recorded',
      async () => {
        const { recordings } = await stage.recorder.statistics()
        const [sound, picture] = recordings.find((found) => found.recordingId === recordingId)!.tracks
        return sound!.packets > 150 && picture!.packets > 150 && picture!.files > 0
      },
      { why: () => stage.recorder.statistics() },
    )
    for (const tap of taps) await tap.close('left')
    const { tracks } = await stage.recorder.stop({ recordingId, reason: 'stopped' })
    video.close()
    audio.close()

    for (const { files, statistics } of tracks) {
      assert.equal(statistics.lost, 0)
      for (const file of files) {
        await assertDecodes(folder, file)
        if (file.width !== undefined) await assertSizes(folder, file, layers)
      }
    }
    assert.ok(tracks[0]!.speech, 'the packets of a browser say how loud they are')
    const sound = tracks[0]!.files[0]!
    // A size that comes a moment before the end is a short file of its own.
    const picture = tracks[1]!.files.toSorted((a, b) => b.frames! - a.frames!)[0]!
    assert.deepEqual([sound.clock, picture.clock], ['sender-reports', 'sender-reports'])
    assert.ok(
      picture.width! <= 640 && picture.width! * 3 === picture.height! * 4,
      `${picture.width}x${picture.height}`,
    )
    assert.ok(picture.frames > 20, `${picture.frames} pictures`)
    assert.ok(Math.abs(tracks[1]!.files[0]!.offsetMs - sound.offsetMs) < 3000)
  })
}

/** Every frame of it, and FFmpeg complains of nothing. */
async function assertDecodes(folder: string, { name }: RecordedFile): Promise<void> {
  const path = join(folder, name)
  assert.equal(await complaintsAbout(path, ffmpeg), '', name)
  // The first error ends it with another exit code.
  await run(ffmpeg, ['-v', 'error', '-xerror', '-i', path, '-f', 'null', '-'])
}

/** All pictures are of the size that the file says, or of one of its layers. */
async function assertSizes(folder: string, file: RecordedFile, layers: readonly number[]): Promise<void> {
  const { name, width = 0, height = 0, frames } = file
  const show = ['-v', 'error', '-show_entries', 'frame=width,height', '-of', 'csv=p=0:s=x']
  const sizes = (await run('ffprobe', [...show, join(folder, name)])).toString().trim().split('\n')
  const fit = layers.map((part) => `${width / part}x${height / part}`)
  const others = new Set(sizes.filter((size) => !fit.includes(size)))
  assert.deepEqual([...others], [], `in a file of ${width}x${height}`)
  // Of a picture whose layers come apart, decoders show each.
  const shownTwice = sizes.length - frames
  assert.ok(shownTwice >= 0 && shownTwice <= (layers.length - 1) * 3, `${shownTwice} pictures too many`)
}
