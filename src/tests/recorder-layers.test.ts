import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startBrowserPublisher, type BrowserPublisher } from './support/browser-publisher.ts'
import { record, useRecorderStage } from './support/recorder-stage.ts'
import { until } from './support/until.ts'

// Browsers that have not found out yet how much gets through send a small size first, and a larger one seconds later.

const stage = useRecorderStage()
let started: Promise<BrowserPublisher> | undefined
after(async () => {
  await (await started)?.close()
})

test('a size that is sent later than the others is recorded, too', async (t) => {
  const recordingId = 'layers'
  const folder = stage.folder()
  started = startBrowserPublisher(stage.router)
  const browser = await started
  const producer = await browser.publish('video/VP8', {
    encodings: [
      { rid: 'r0', scaleResolutionDownBy: 4, maxBitrate: 100_000 },
      { rid: 'r1', scaleResolutionDownBy: 1, maxBitrate: 900_000, active: false },
    ],
  })
  await stage.recorder.start({ recordingId, folder, minFreeBytes: 0 })
  const tap = await record(stage, recordingId, { producer, kind: 'video' })
  const layer = () => tap.consumer.currentLayers?.spatialLayer
  await until('the small size comes', () => layer() === 0, { why: layer })
  // Its sender reports are known by then.
  await until('some seconds are recorded', async () => {
    const { recordings } = await stage.recorder.statistics()
    return recordings[0]!.tracks[0]!.packets > 100
  })
  await browser.page.evaluate('sendAllSizes()')
  const began = performance.now()
  await until('the large size comes', () => layer() === 1, { why: () => [layer(), producer.score] })
  t.diagnostic(`after ${Math.round(performance.now() - began)} ms`)
  await tap.close('left')
  const { tracks } = await stage.recorder.stop({ recordingId, reason: 'stopped' })
  producer.close()
  const widths = tracks[0]!.files.map(({ width }) => width!)
  assert.ok(widths.at(-1)! > widths[0]!, widths.join(', '))
})
