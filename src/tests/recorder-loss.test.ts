import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { complaintsAbout } from '../../recorder/probe.ts'
import { startBrowserPublisher } from './support/browser-publisher.ts'
import { ffmpeg } from './support/recorder-media.ts'
import { nothingComesAnyMore, record, useRecorderStage } from './support/recorder-stage.ts'
import { until } from './support/until.ts'

// A browser behind a way that loses packets, with all it does about that: retransmission, forward error correction, less bandwidth.

const stage = useRecorderStage()
const loss = 0.05
/** Enough that 5 of 100 packets are many. */
const pictures = 240
test('97 of 100 pictures of a browser survive a way that loses 5 of 100 packets', async (t) => {
  const folder = stage.folder()
  const browser = await startBrowserPublisher(stage.router, { loss })
  t.after(() => browser.close())
  const producer = await browser.publish('video/VP8')
  const framesSent = () => browser.page.evaluate<number>('framesSent()')
  await until('pictures come', async () => (await framesSent()) > 20)
  // So that what is counted as sent is neither more nor less than what can be recorded.
  await browser.page.evaluate('silenceLast()')
  await stage.recorder.start({ recordingId: 'loss', folder, minFreeBytes: 0 })
  const tap = await record(stage, 'loss', { producer, kind: 'video' })
  const before = await framesSent()
  await browser.page.evaluate('resumeLast()')
  await until('enough is sent', async () => (await framesSent()) - before >= pictures, { patienceMs: 60_000 })
  await browser.page.evaluate('silenceLast()')
  // Longer than a hole is waited for.
  await nothingComesAnyMore(stage.recorder, 'loss', 1600)
  const sent = (await framesSent()) - before
  const track = await tap.close('left')
  await stage.recorder.stop({ recordingId: 'loss', reason: 'stopped' })
  const [score] = producer.score
  const frames = track!.files.reduce((sum, file) => sum + file.frames, 0)
  const { packets, reordered, lost } = track!.statistics
  t.diagnostic(
    `${frames} of ${sent} pictures (${((100 * frames) / sent).toFixed(1)} %), ${packets} packets, ` +
      `${reordered} came again, ${lost} never; score ${score?.score}`,
  )
  assert.ok(reordered > packets * 0.02, 'packets were lost and came again')
  assert.ok(frames >= sent * 0.97 && frames <= sent, `${frames} of ${sent}`)
  for (const { name } of track!.files) assert.equal(await complaintsAbout(join(folder, name), ffmpeg), '')
})
