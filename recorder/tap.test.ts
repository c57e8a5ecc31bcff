import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import {
  decodePictures,
  encodePictures,
  run,
  type EncodeOptions,
  type Picture,
} from '../src/tests/support/recorder-media.ts'
import { payloadsOf, rtpPacket, senderReport } from '../src/tests/support/recorder-packets.ts'
import type { RecordedFile } from './manifest.ts'
import { Tap } from './tap.ts'

const startMs = Date.UTC(2026, 0, 1)

/** A tap whose packets come at times that the test says, and a publisher of pictures. */
class Bench {
  readonly folder: string
  readonly tap: Tap
  readonly feedback: Buffer[] = []
  readonly codec: EncodeOptions['codec']
  nowMs = startMs
  /** So that both wrap within the first second. */
  sequence = 65_500
  timestamp = 2 ** 32 - 45_000
  ssrc = 1111
  pictureId = 0

  constructor(t: TestContext, codec: EncodeOptions['codec'] = 'vp8') {
    this.folder = mkdtempSync(join(tmpdir(), 'sluice-tap-'))
    t.after(() => rmSync(this.folder, { recursive: true, force: true }))
    this.codec = codec
    this.tap = new Tap({
      folder: this.folder,
      trackId: 'camera',
      codec,
      clockRate: 90_000,
      payloadType: 101,
      send: (rtcp) => this.feedback.push(rtcp),
      onChanged: () => undefined,
      onFailed: (error) => {
        throw error
      },
    })
  }

  /** The packets of the next picture, 40 ms after the one before. */
  packets(picture: Picture): Buffer[] {
    const { isKey, data } = picture
    const payloads = payloadsOf(this.codec, data, { isKey, pictureId: this.pictureId++ })
    const packets = payloads.map((payload, place) =>
      rtpPacket(
        {
          payloadType: 101,
          sequence: this.sequence++,
          timestamp: this.timestamp,
          ssrc: this.ssrc,
          marker: place === payloads.length - 1,
        },
        payload,
      ),
    )
    this.timestamp += 3600
    return packets
  }

  receive(packets: readonly Buffer[]): void {
    for (const packet of packets) this.tap.receive(packet, this.nowMs)
  }

  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 10) {
      this.nowMs += 10
      this.tap.tick(this.nowMs)
    }
  }

  send(pictures: readonly Picture[]): void {
    for (const picture of pictures) {
      this.receive(this.packets(picture))
      this.pass(40)
    }
  }

  async finish(): Promise<RecordedFile[]> {
    await this.tap.close(this.nowMs)
    return this.tap.files(startMs)
  }

  path(file: RecordedFile): string {
    return join(this.folder, file.name)
  }

  get keyFramesAskedFor(): number {
    return this.feedback.filter((rtcp) => rtcp[1] === 206).length
  }
}

const encoded = new Map<string, Promise<Picture[]>>()
function pictures(options: EncodeOptions): Promise<Picture[]> {
  const key = JSON.stringify(options)
  const made = encoded.get(key) ?? encodePictures(options)
  encoded.set(key, made)
  return made
}

const numbers = (from: number, until: number) =>
  Array.from({ length: until - from }, (_, place) => from + place)

for (const codec of ['vp8', 'vp9', 'h264', 'av1'] as const) {
  test(`${codec}: every picture is in the file at its time, and FFmpeg complains of nothing`, async (t) => {
    const bench = new Bench(t, codec)
    bench.send(await pictures({ codec, frames: 50, keyEvery: 20, kbps: 1500 }))
    const [file, ...others] = await bench.finish()
    assert.equal(others.length, 0)
    assert.ok(file)
    assert.deepEqual([file.width, file.height, file.frames, file.durationMs], [320, 240, 50, 2000])
    assert.equal(file.state, 'finished')
    const seen = await decodePictures(bench.path(file))
    assert.deepEqual(
      seen,
      numbers(0, 50).map((number) => ({ number, timeMs: number * 40 })),
    )
    const facts = JSON.parse(
      (
        await run('ffprobe', [
          '-v',
          'error',
          '-show_format',
          '-show_streams',
          '-of',
          'json',
          bench.path(file),
        ])
      ).toString(),
    ) as { format: { duration: string }; streams: { codec_name: string }[] }
    assert.equal(Number(facts.format.duration), 2)
    assert.equal(facts.streams[0]?.codec_name, codec)
  })

  test(`${codec}: begins with a key frame, which it asks for`, async (t) => {
    const bench = new Bench(t, codec)
    const all = await pictures({ codec, frames: 50, keyEvery: 20, kbps: 1500 })
    bench.send(all.slice(5))
    const [file] = await bench.finish()
    assert.ok(bench.keyFramesAskedFor >= 1)
    const seen = await decodePictures(bench.path(file!))
    assert.deepEqual(
      seen.map(({ number }) => number),
      numbers(20, 50),
    )
    assert.equal(seen[0]?.timeMs, 0)
    assert.equal(bench.tap.statistics.droppedFrames, 15)
  })
}

test('packets that come late, twice or in disorder are put in their places', async (t) => {
  const bench = new Bench(t)
  const all = await pictures({ codec: 'vp8', frames: 50, keyEvery: 20, kbps: 1500 })
  const late: Buffer[] = []
  all.forEach((picture, place) => {
    const packets = bench.packets(picture)
    if (place === 10) late.push(...packets.splice(0, 1))
    if (place === 20) packets.reverse()
    if (place === 35) bench.receive(late)
    bench.receive(packets)
    if (place === 30) bench.receive(packets)
    bench.pass(40)
  })
  const [file] = await bench.finish()
  assert.deepEqual(
    await decodePictures(bench.path(file!)),
    numbers(0, 50).map((number) => ({ number, timeMs: number * 40 })),
  )
  const { lost, duplicates, droppedFrames } = bench.tap.statistics
  assert.equal(lost, 0)
  assert.equal(droppedFrames, 0)
  assert.ok(duplicates >= 1)
  assert.ok(
    bench.feedback.some((rtcp) => rtcp[1] === 205),
    'it asked for the missing one',
  )
})

test('a packet that never comes costs the pictures up to the next key frame, and no time', async (t) => {
  const bench = new Bench(t)
  const all = await pictures({ codec: 'vp8', frames: 100, keyEvery: 20, kbps: 1500 })
  all.forEach((picture, place) => {
    const packets = bench.packets(picture)
    bench.receive(place === 30 ? packets.slice(1) : packets)
    bench.pass(40)
  })
  const [file] = await bench.finish()
  assert.deepEqual(
    await decodePictures(bench.path(file!)),
    [...numbers(0, 30), ...numbers(40, 100)].map((number) => ({ number, timeMs: number * 40 })),
  )
  assert.deepEqual(file!.gaps, [{ fromMs: 29 * 40, toMs: 1600, lostPackets: 1 }])
  assert.equal(bench.tap.statistics.lost, 1)
  assert.equal(bench.tap.statistics.droppedFrames, 10)
})

test('while somebody is muted, time goes on', async (t) => {
  const bench = new Bench(t)
  const all = await pictures({ codec: 'vp8', frames: 50, keyEvery: 20, kbps: 1500 })
  bench.send(all.slice(0, 25))
  bench.timestamp += 90_000 * 3
  bench.pass(3000)
  bench.send(all.slice(25))
  const [file] = await bench.finish()
  assert.deepEqual(
    (await decodePictures(bench.path(file!))).map(({ timeMs }) => timeMs),
    [...numbers(0, 25).map((number) => number * 40), ...numbers(25, 50).map((number) => number * 40 + 3000)],
  )
  assert.deepEqual(file!.gaps, [{ fromMs: 960, toMs: 4000, lostPackets: 0 }])
})

test('another size begins another file, and both say when they were', async (t) => {
  const bench = new Bench(t)
  bench.send(await pictures({ codec: 'vp8', frames: 25 }))
  bench.send(await pictures({ codec: 'vp8', frames: 25, width: 640, height: 480, firstNumber: 25 }))
  const [small, large] = await bench.finish()
  assert.deepEqual([small?.width, large?.width, large?.startReason], [320, 640, 'format-changed'])
  assert.equal(large!.offsetMs - small!.offsetMs, 1000)
  assert.deepEqual(
    (await decodePictures(bench.path(large!))).map(({ number }) => number),
    numbers(25, 50),
  )
})

test('another source, or a clock that jumps, begins another file', async (t) => {
  const bench = new Bench(t)
  const all = await pictures({ codec: 'vp8', frames: 50, keyEvery: 20, kbps: 1500 })
  bench.send(all)
  bench.ssrc = 2222
  bench.sequence = 7
  bench.timestamp = 12_345
  bench.send(all)
  bench.timestamp += 90_000 * 3600
  bench.send(all)
  const files = await bench.finish()
  assert.deepEqual(
    files.map((file) => [file.startReason, file.offsetMs]),
    [
      ['first', 0],
      ['source-changed', 2000],
      ['clock-changed', 4000],
    ],
  )
  for (const file of files) assert.equal((await decodePictures(bench.path(file))).length, 50)
})

test('sender reports say when a file was captured and how its clock drifts, and do not move its frames', async (t) => {
  const bench = new Bench(t)
  const [key, ...others] = await pictures({ codec: 'vp8', frames: 50, keyEvery: 20, kbps: 1500 })
  // Captured 150 ms before it comes, with a clock that is slow by 80 ppm, for ten minutes at one picture a second.
  const firstTimestamp = bench.timestamp
  for (let second = 0; second < 600; second++) {
    bench.timestamp = firstTimestamp + Math.round(second * 90_000 * (1 - 80e-6))
    bench.receive(bench.packets(second === 0 ? key! : others[second % others.length]!))
    const jitterMs = second < 5 ? 100 : (second % 7) - 3
    bench.tap.receive(
      senderReport({
        ssrc: 1111,
        ntpMs: bench.nowMs,
        timestamp: firstTimestamp + Math.round((second + 0.15 - jitterMs / 1000) * 90_000 * (1 - 80e-6)),
      }),
      bench.nowMs,
    )
    bench.pass(1000)
  }
  const [file] = await bench.finish()
  assert.equal(file?.clock, 'sender-reports')
  assert.ok(Math.abs(file.offsetMs + 150) < 5, `offset ${file.offsetMs}`)
  assert.ok(Math.abs(file.driftPpm - 80) < 10, `drift ${file.driftPpm}`)
  assert.equal(Math.round(file.durationMs / 1000), 599)
})
