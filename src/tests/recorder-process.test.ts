import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readManifest, type Track } from '../../recorder/manifest.ts'
import type { RecorderStatistics } from '../../recorder/messages.ts'
import { recorderCapabilities } from '../../recorder/open-tap.ts'
import { complaintsAbout } from '../../recorder/probe.ts'
import { recover } from '../../recorder/recover.ts'
import { atPace } from './support/at-pace.ts'
import { Publisher } from './support/publisher.ts'
import { decodePictures, encodeBeeps, encodePictures, findBeeps } from './support/recorder-media.ts'
import { everythingHasCome, nothingComesAnyMore, record, useRecorderStage } from './support/recorder-stage.ts'
import { until } from './support/until.ts'

const stage = useRecorderStage()
const camera = encodePictures({ codec: 'vp8', frames: 250, keyEvery: 25, kbps: 1000 })

test('two tracks of somebody are recorded whole, and lie in time as they were captured', async () => {
  const folder = stage.folder()
  const [pictures, beeps] = [await camera, await encodeBeeps(8)]
  const video = await Publisher.create(stage.router, { codec: 'vp8' })
  const audio = await Publisher.create(stage.router, { codec: 'opus' })
  await stage.recorder.start({ recordingId: 'whole', folder, minFreeBytes: 0 })
  const taps = [await record(stage, 'whole', audio), await record(stage, 'whole', video)]
  const startMs = performance.timeOrigin + performance.now()
  // Sound travels 90 ms longer than the picture of the same moment.
  await atPace(400, 20, (place) => {
    audio.send({ data: beeps[place]!, isKey: true }, { capturedMs: startMs + place * 20 - 90 })
    if (place % 2 === 0) video.send(pictures[place / 2]!, { capturedMs: startMs + place * 20 })
  })
  const statistics = await stage.recorder.statistics()
  assert.deepEqual(
    statistics.recordings[0]?.tracks.map(({ trackId, lost }) => [trackId, lost]),
    [
      ['ana-microphone', 0],
      ['ana-camera', 0],
    ],
  )
  await everythingHasCome(stage.recorder, 'whole', [audio, video])
  for (const tap of taps) await tap.close('left')
  const manifest = await stage.recorder.stop({ recordingId: 'whole', reason: 'stopped' })
  assert.deepEqual(await readManifest(folder), manifest)
  assert.deepEqual(readdirSync(folder).sort(), [
    'ana-camera-1.webm',
    'ana-microphone-1.webm',
    'manifest.json',
  ])

  const [sound, picture] = manifest.tracks
  assert.deepEqual([manifest.endReason, sound?.endReason, picture?.endReason], ['stopped', 'left', 'left'])
  const [soundFile, pictureFile] = [sound!.files[0]!, picture!.files[0]!]
  const seen = await decodePictures(join(folder, pictureFile.name))
  assert.equal(seen.length, 200)
  for (const { number, timeMs } of seen)
    assert.ok(Math.abs(timeMs - number * 40) <= 1, `${number} at ${timeMs}`)
  assert.deepEqual([pictureFile.clock, soundFile.clock], ['sender-reports', 'sender-reports'])
  const apartMs = pictureFile.offsetMs - soundFile.offsetMs
  assert.ok(Math.abs(apartMs - 90) < 20, `sound was captured 90 ms before, the manifest says ${apartMs}`)
  const heard = await findBeeps(join(folder, soundFile.name))
  assert.equal(heard.length, 8)
  for (const file of [soundFile, pictureFile])
    assert.equal(await complaintsAbout(join(folder, file.name), 'ffmpeg'), '')
})

test('a killed recorder costs less than two seconds, and the rest plays', async () => {
  const folder = stage.folder()
  const pictures = await camera
  const video = await Publisher.create(stage.router, { codec: 'vp8' })
  await stage.recorder.start({ recordingId: 'killed', folder, minFreeBytes: 0 })
  await record(stage, 'killed', video)
  let sentAtKill = 0
  const startMs = performance.timeOrigin + performance.now()
  await atPace(150, 40, (place) => {
    video.send(pictures[place]!, { capturedMs: startMs + place * 40 })
    if (place !== 140) return
    process.kill(stage.recorder.pid!, 'SIGKILL')
    sentAtKill = place
  })
  await until('the server knows', () => stage.ended.includes('died'))
  video.close()
  await assert.rejects(stage.recorder.statistics(), /gone/)
  await stage.restart()
  assert.equal((await readManifest(folder))?.state, 'recording')

  const recovered = await recover(folder, { ffmpeg: 'ffmpeg' })
  assert.deepEqual(recovered?.complaints, {})
  const [track] = recovered!.manifest.tracks
  assert.deepEqual(
    [recovered?.manifest.state, recovered?.manifest.endReason, track?.endReason, track?.files[0]?.state],
    ['finished', 'recorder-died', 'recorder-died', 'recovered'],
  )
  const seen = await decodePictures(join(folder, track!.files[0]!.name))
  const lostMs = (sentAtKill - seen.at(-1)!.number) * 40
  assert.ok(lostMs < 1000, `lost ${lostMs} ms`)
  assert.equal(track!.files[0]!.frames, seen.length)
  assert.deepEqual(
    await recover(folder),
    { manifest: recovered!.manifest, complaints: {} },
    'a second time changes nothing',
  )
})

test('when the server is killed, the recorder finishes its files and goes', async () => {
  const folder = stage.folder()
  const pictures = await camera
  const video = await Publisher.create(stage.router, { codec: 'vp8' })
  const transport = await stage.router.createPlainTransport({
    listenInfo: { protocol: 'udp', ip: '127.0.0.1' },
  })
  const consumer = await transport.consume({
    producerId: video.producer.id,
    rtpCapabilities: recorderCapabilities(stage.router.rtpCapabilities),
    paused: true,
  })
  const { payloadType } = consumer.rtpParameters.codecs[0]!
  const script = join(import.meta.dirname, 'support', 'recorder-owner-process.ts')
  const owner = fork(script, [folder, String(transport.tuple.localPort), String(payloadType)], {
    serialization: 'advanced',
  })
  const [{ port, pid }] = (await once(owner, 'message')) as [{ port: number; pid: number }]
  const statistics = async (): Promise<RecorderStatistics> => {
    owner.send('statistics')
    const [answer] = (await once(owner, 'message')) as [RecorderStatistics]
    return answer
  }
  await transport.connect({ ip: '127.0.0.1', port })
  await consumer.resume()
  const startMs = performance.timeOrigin + performance.now()
  await atPace(50, 40, (place) => video.send(pictures[place]!, { capturedMs: startMs + place * 40 }))
  await everythingHasCome({ statistics }, 'owned', [video])
  owner.kill('SIGKILL')

  const recovered = await recover(folder, { ffmpeg: 'ffmpeg' })
  assert.ok(isGone(pid), 'the recorder has ended')
  assert.deepEqual(recovered?.complaints, {})
  const { endReason, tracks } = recovered!.manifest
  assert.deepEqual(
    [endReason, tracks[0]?.endReason, tracks[0]?.files[0]?.state],
    ['server-gone', 'server-gone', 'finished'],
  )
  assert.equal((await decodePictures(join(folder, tracks[0]!.files[0]!.name))).length, 50)
  video.close()
  transport.close()
})

test('a folder of which the manifest is gone gets another', async () => {
  const folder = stage.folder()
  const pictures = await camera
  const video = await Publisher.create(stage.router, { codec: 'vp8' })
  await stage.recorder.start({ recordingId: 'lost', folder, minFreeBytes: 0 })
  const tap = await record(stage, 'lost', video)
  await atPace(25, 40, (place) => video.send(pictures[place]!))
  await everythingHasCome(stage.recorder, 'lost', [video])
  await assert.rejects(recover(folder), /goes on/)
  await tap.close('left')
  await stage.recorder.stop({ recordingId: 'lost', reason: 'stopped' })
  video.close()
  // Half a manifest, as a machine leaves it that stops while it is written.
  writeFileSync(join(folder, 'manifest.json'), '{"version": 1, "rec')
  const recovered = await recover(folder)
  const [track] = recovered!.manifest.tracks
  assert.deepEqual(
    [track?.trackId, track?.codec, track?.files[0]?.frames, track?.files[0]?.width],
    ['ana-camera', 'vp8', 25, 320],
  )
  assert.deepEqual(await readManifest(folder), recovered!.manifest)
})

test('a recording that ended where its manifest could not be written any more is finished all the same', async () => {
  const folder = stage.folder()
  const pictures = await camera
  const video = await Publisher.create(stage.router, { codec: 'vp8' })
  await stage.recorder.start({ recordingId: 'full', folder, minFreeBytes: 0 })
  await record(stage, 'full', video)
  await atPace(25, 40, (place) => video.send(pictures[place]!))
  const path = join(folder, 'manifest.json')
  const old = await until('the track is in the manifest', () => {
    const text = readFileSync(path, 'utf8')
    return text.includes('ana-camera') && text
  })
  await everythingHasCome(stage.recorder, 'full', [video])
  await stage.recorder.stop({ recordingId: 'full', reason: 'disk-full' })
  video.close()
  writeFileSync(path, old)
  await assert.rejects(recover(folder), /goes on/)
  const recovered = await recover(folder, { isOver: true })
  assert.equal(recovered!.manifest.state, 'finished')
  assert.equal(recovered!.manifest.tracks[0]?.files[0]?.frames, 25)
})

test('a recorder that stands still for most of a second loses nothing', async () => {
  const folder = stage.folder()
  const pictures = await camera
  const video = await Publisher.create(stage.router, { codec: 'vp8' })
  await stage.recorder.start({ recordingId: 'still', folder, minFreeBytes: 0 })
  const tap = await record(stage, 'still', video)
  const startMs = performance.timeOrigin + performance.now()
  await atPace(75, 40, (place) => {
    video.send(pictures[place]!, { capturedMs: startMs + place * 40 })
    if (place === 20) process.kill(stage.recorder.pid!, 'SIGSTOP')
    if (place === 40) process.kill(stage.recorder.pid!, 'SIGCONT')
  })
  await everythingHasCome(stage.recorder, 'still', [video])
  const track = await tap.close('left')
  await stage.recorder.stop({ recordingId: 'still', reason: 'stopped' })
  video.close()
  assert.deepEqual([track?.statistics.lost, track?.files[0]?.frames, track?.files[0]?.gaps], [0, 75, []])
})

test('97 of 100 pictures survive a way that loses 5 of 100 packets', async () => {
  const folder = stage.folder()
  const pictures = await camera
  const video = await Publisher.create(stage.router, { codec: 'vp8', loss: 0.05, answerMs: 80 })
  await stage.recorder.start({ recordingId: 'loss', folder, minFreeBytes: 0 })
  const tap = await record(stage, 'loss', video)
  const startMs = performance.timeOrigin + performance.now()
  await atPace(250, 40, (place) => video.send(pictures[place]!, { capturedMs: startMs + place * 40 }))
  // Longer than a hole is waited for.
  await nothingComesAnyMore(stage.recorder, 'loss', 1600)
  await tap.close('left')
  const { tracks } = await stage.recorder.stop({ recordingId: 'loss', reason: 'stopped' })
  const seen = await decodePictures(join(folder, tracks[0]!.files[0]!.name))
  assert.ok(tracks[0]!.statistics.reordered > 10, 'packets were lost and came again')
  assert.ok(seen.length >= 243, `${seen.length} of 250`)
  for (const { number, timeMs } of seen) {
    assert.ok(Math.abs(timeMs - (number - seen[0]!.number) * 40) <= 60, `${number} at ${timeMs}`)
  }
})

test('the manifest says when somebody spoke', async () => {
  const folder = stage.folder()
  const audio = await Publisher.create(stage.router, { codec: 'opus' })
  const silence = { data: Buffer.from([0xf8, 0xff, 0xfe]), isKey: true }
  await stage.recorder.start({ recordingId: 'speech', folder, minFreeBytes: 0 })
  const tap = await record(stage, 'speech', audio)
  const startMs = performance.timeOrigin + performance.now()
  // From 1.0 to 2.0 s, and from 3.5 s to the end; between 2.4 and 3 s nothing is sent.
  await atPace(225, 20, (place) => {
    const ms = place * 20
    if (ms >= 2400 && ms < 3000) return
    const isLoud = (ms >= 1000 && ms < 2000) || ms >= 3500
    audio.send(silence, { capturedMs: startMs + ms, audioLevel: isLoud ? 25 : 80 })
  })
  await everythingHasCome(stage.recorder, 'speech', [audio])
  await stage.recorder.updateTap({ recordingId: 'speech', trackId: 'ana-microphone', displayName: 'Ana B.' })
  await tap.close('left')
  const { tracks } = await stage.recorder.stop({ recordingId: 'speech', reason: 'stopped' })
  audio.close()
  const [{ speech, files, displayName }] = tracks as [Track]
  assert.equal(displayName, 'Ana B.')
  const ofFile = speech!.map((span) => span.map((ms) => ms - files[0]!.offsetMs))
  assert.equal(ofFile.length, 2, JSON.stringify(ofFile))
  const expected = [1000, 2000, 3500, 4500]
  ofFile.flat().forEach((ms, place) => {
    assert.ok(Math.abs(ms - expected[place]!) < 60, `${ms} is not ${expected[place]}`)
  })
})

test('a disk that refuses ends its recording, says so, and harms no other', async () => {
  const [gone, fine] = [stage.folder(), stage.folder()]
  const pictures = await camera
  const video = await Publisher.create(stage.router, { codec: 'vp8' })
  for (const [recordingId, folder] of Object.entries({ gone, fine })) {
    await stage.recorder.start({ recordingId, folder, minFreeBytes: 0 })
    await record(stage, recordingId, video)
  }
  rmSync(gone, { recursive: true })
  await atPace(25, 40, (place) => video.send(pictures[place]!))
  await until('it has ended', () => stage.ended.includes('gone disk-error'))
  await everythingHasCome(stage.recorder, 'fine', [video])
  await assert.rejects(record(stage, 'gone', video), /no recording gone/)
  const { tracks } = await stage.recorder.stop({ recordingId: 'fine', reason: 'stopped' })
  assert.equal(tracks[0]?.files[0]?.frames, 25)
  video.close()
})

test('what cannot be recorded is refused and leaves nothing', async () => {
  const folder = stage.folder()
  const { recorder, router } = stage
  await recorder.start({ recordingId: 'refused', folder, minFreeBytes: 0 })
  await assert.rejects(recorder.start({ recordingId: 'refused', folder, minFreeBytes: 0 }), /already/)
  await assert.rejects(recorder.start({ recordingId: 'x', folder: stage.folder(), minFreeBytes: 1e18 }), {
    code: 'disk-full',
  })
  const tap = {
    recordingId: 'refused',
    trackId: 'a',
    participantId: 'a',
    displayName: '',
    source: 'other',
    mimeType: 'audio/PCMU',
    clockRate: 8000,
    payloadType: 0,
    from: { ip: '127.0.0.1', port: 9 },
  }
  await assert.rejects(recorder.addTap(tap), { code: 'not-recordable', message: /PCMU/ })
  await assert.rejects(recorder.addTap({ ...tap, mimeType: 'audio/opus', trackId: '../a' }), {
    code: 'bad-request',
  })
  await assert.rejects(recorder.addTap({ ...tap, recordingId: 'none' }), { code: 'no-recording' })
  await assert.rejects(recorder.start({ recordingId: 'y', folder: 'relative', minFreeBytes: 0 }), {
    code: 'bad-request',
  })
  await assert.rejects(recorder.start({ recordingId: 'y', folder, minFreeBytes: 0 }), {
    code: 'recording-exists',
  })
  const video = await Publisher.create(router, { codec: 'vp8' })
  await record(stage, 'refused', video)
  const { transportIds } = await router.dump()
  await assert.rejects(record(stage, 'refused', video), /already/)
  assert.deepEqual((await router.dump()).transportIds, transportIds)
  video.close()
  const manifest = await recorder.stop({ recordingId: 'refused', reason: 'room-closed' })
  assert.deepEqual(
    manifest.tracks.map(({ trackId, endReason, files }) => [trackId, endReason, files.length]),
    [['ana-camera', 'closed', 0]],
  )
})

/** Also one that has ended and that nobody has asked for its exit code: its server is dead. */
function isGone(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return true
  }
}
