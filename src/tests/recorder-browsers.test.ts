import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { complaintsAbout } from '../../recorder/probe.ts'
import { startBrowserPublisher, type BrowserPublisher } from './support/recorder-browser.ts'
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

for (const { name, mimeType, encodings } of [
  { name: 'VP8', mimeType: 'video/VP8' },
  { name: 'VP8 simulcast', mimeType: 'video/VP8', encodings: simulcast },
  { name: 'VP9', mimeType: 'video/VP9' },
  {
    name: 'VP9 in layers',
    mimeType: 'video/VP9',
    encodings: [{ scalabilityMode: 'L3T3_KEY' }],
    decoder: 'libvpx-vp9',
  },
  { name: 'H.264', mimeType: 'video/H264' },
  { name: 'AV1', mimeType: 'video/AV1' },
] as { name: string; mimeType: string; encodings?: object[] }[]) {
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
        const path = join(folder, file.name)
        assert.equal(await complaintsAbout(path, ffmpeg), '', file.name)
        // Decodes every frame; the first error ends it with another exit code.
        await run(ffmpeg, ['-v', 'error', '-xerror', '-i', path, '-f', 'null', '-'])
        if (file.width === undefined) continue
        const show = ['-v', 'error', '-show_entries', 'frame=width,height', '-of', 'csv=p=0:s=x', path]
        const sizes = (await run('ffprobe', show)).toString().trim().split('\n')
        const own = `${file.width}x${file.height}`
        // Of spatial layers a browser may leave out the upper ones from one picture to the next.
        const layers = name === 'VP9 in layers' ? [1, 2, 4] : [1]
        const fit = layers.map((part) => `${file.width! / part}x${file.height! / part}`)
        const others = new Set(sizes.filter((size) => !fit.includes(size)))
        assert.deepEqual([...others], [], `in a file of ${own}`)
        // Of a picture whose layers come apart, decoders show each.
        const shownTwice = sizes.length - file.frames!
        assert.ok(shownTwice >= 0 && shownTwice <= (layers.length - 1) * 3, `${shownTwice} pictures too many`)
      }
    }
    assert.ok(tracks[0]!.speech, 'the packets of a browser say how loud they are')
    const [sound, picture] = [tracks[0]!.files[0]!, tracks[1]!.files.at(-1)!]
    assert.deepEqual([sound.clock, picture.clock], ['sender-reports', 'sender-reports'])
    assert.ok(
      picture.width! <= 640 && picture.width! * 3 === picture.height! * 4,
      `${picture.width}x${picture.height}`,
    )
    assert.ok(picture.frames > 20, `${picture.frames} pictures`)
    assert.ok(Math.abs(picture.offsetMs - sound.offsetMs) < 3000)
  })
}
