import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { encodePictures } from '../src/tests/support/recorder-media.ts'
import { payloadsOf, rtpPacket } from '../src/tests/support/recorder-packets.ts'
import { until } from '../src/tests/support/until.ts'
import { createDepacketizer } from './codecs/depacketizer.ts'
import { FrameBuilder } from './frame-builder.ts'
import { Tap } from './tap.ts'

// One publisher must not be able to stop or hold up the process that records everybody.

for (const codec of ['vp8', 'vp9', 'h264', 'av1', 'opus'] as const) {
  test(`${codec}: packets with anything in them are taken quickly and end nothing`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-hostile-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const tap = new Tap({
      folder,
      trackId: 'camera',
      codec,
      clockRate: 90_000,
      payloadType: 101,
      audioLevelId: 1,
      send: () => undefined,
      onChanged: () => undefined,
      onFailed: (error) => {
        throw error
      },
    })
    const pictures =
      codec === 'opus'
        ? [{ data: Buffer.alloc(80, 7), isKey: true }]
        : await encodePictures({ codec, frames: 20, keyEvery: 4, kbps: 300 })
    let random = 99
    const next = (below: number): number => {
      random = (random * 1_103_515_245 + 12_345) % 2 ** 31
      return Math.floor((random / 2 ** 31) * below)
    }
    let [sequence, slowestMs, nowMs] = [0, 0, Date.UTC(2026, 0, 1)]
    for (let frame = 0; frame < 3000; frame++) {
      const { data, isKey } = pictures[frame % pictures.length]!
      for (const payload of payloadsOf(codec, data, { isKey, pictureId: frame })) {
        const fields = {
          payloadType: 101,
          sequence: sequence++,
          timestamp: frame * 3000,
          ssrc: 5,
          marker: next(4) > 0,
        }
        const packet = rtpPacket(fields, payload)
        // Heads matter most; the fixed part of RTP is mediasoup's own.
        for (let change = next(4); change > 0; change--)
          packet[12 + next(Math.min(40, packet.length - 12))] = next(256)
        const before = performance.now()
        tap.receive(packet.subarray(0, packet.length - next(3)), nowMs)
        slowestMs = Math.max(slowestMs, performance.now() - before)
      }
      nowMs += 33
      tap.tick(nowMs)
    }
    await tap.close(nowMs)
    assert.ok(slowestMs < 500, `${slowestMs} ms for one packet`)
  })
}

const longestFrame = 16 * 1024 * 1024
const tinyUnits = {
  h264: Buffer.concat([Buffer.from([24]), ...Array.from({ length: 390 }, () => Buffer.from([0, 1, 1]))]),
  av1: Buffer.concat([Buffer.from([0x08]), ...Array.from({ length: 600 }, () => Buffer.from([1, 0x30]))]),
  vp9: Buffer.concat([Buffer.from([0x08]), Buffer.alloc(1200)]),
}

for (const codec of ['h264', 'av1', 'vp9'] as const) {
  test(`${codec}: a picture of millions of units takes little memory and time, and is left out`, () => {
    const depacketizer = createDepacketizer(codec)
    const before = process.memoryUsage().heapUsed
    const startedMs = performance.now()
    // It takes as much of the buffers as any other picture of this size; what is held beside them counts.
    for (let bytes = 0; bytes < longestFrame; bytes += 1200) depacketizer.add(tinyUnits[codec])
    const heldMb = (process.memoryUsage().heapUsed - before) / 1e6
    assert.equal(depacketizer.take(), undefined)
    assert.ok(heldMb < 100, `${heldMb} MB`)
    assert.ok(performance.now() - startedMs < 2000, `${performance.now() - startedMs} ms`)
  })
}

test('h264: a parameter set of megabytes is none: containers have no room for it, and each file would keep it', () => {
  const depacketizer = createDepacketizer('h264')
  const piece = Buffer.alloc(1100, 1)
  depacketizer.add(Buffer.concat([Buffer.from([0x7c, 0x87, 66, 0, 31]), piece]))
  for (let count = 0; count < 100; count++) depacketizer.add(Buffer.concat([Buffer.from([0x7c, 7]), piece]))
  depacketizer.add(Buffer.concat([Buffer.from([0x7c, 0x47]), piece]))
  depacketizer.add(Buffer.from([0x68, 1, 2, 3]))
  depacketizer.add(Buffer.from([0x65, 0x88, 1, 2, 3]))
  assert.equal(depacketizer.take(), undefined)
})

test('av1: a sequence header of megabytes is none', () => {
  const depacketizer = createDepacketizer('av1')
  const piece = Buffer.alloc(1100, 1)
  depacketizer.add(Buffer.concat([Buffer.from([0x58, 0x08]), piece]))
  for (let count = 0; count < 100; count++) depacketizer.add(Buffer.concat([Buffer.from([0xd0]), piece]))
  depacketizer.add(Buffer.concat([Buffer.from([0x90]), piece]))
  assert.equal(depacketizer.take(), undefined)
})

test('a picture in ever more packets with next to nothing in them is given up', () => {
  const builder = new FrameBuilder('vp8')
  const fields = { timestamp: 1, ssrc: 5, payloadType: 101, marker: false, arrivedMs: 0, lostBefore: 0 }
  const push = (index: number, payload: Buffer, marker = false) =>
    builder.push({ ...fields, marker, sequence: index & 0xffff, index, payload })
  push(0, Buffer.from([0x10, 0x10, 0, 0, 0x9d, 1, 0x2a, 64, 0, 48, 0, 1]))
  for (let index = 1; index < 100_000; index++) push(index, Buffer.from([0, 1]))
  assert.deepEqual(push(100_000, Buffer.from([0, 1]), true), [])
  assert.equal(builder.waitsForKeyFrame, true)
})

test('tracks that end in the middle of a picture leave nothing of it in memory', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-hostile-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  setFlagsFromString('--expose-gc')
  const heldBytes = (): number => {
    ;(runInNewContext('gc') as () => void)()
    return process.memoryUsage().arrayBuffers
  }
  const before = heldBytes()
  const nowMs = Date.UTC(2026, 0, 1)
  const start = Buffer.from([0x10, 0x10, 0, 0, 0x9d, 1, 0x2a, 64, 0, 48, 0, 1])
  const ended: Tap[] = []
  for (let track = 0; track < 20; track++) {
    const tap = new Tap({
      folder,
      trackId: `t${track}`,
      codec: 'vp8',
      clockRate: 90_000,
      payloadType: 101,
      send: () => undefined,
      onChanged: () => undefined,
      onFailed: (error) => {
        throw error
      },
    })
    for (let sequence = 0; sequence < 1000; sequence++) {
      const fields = { payloadType: 101, sequence, timestamp: 1, ssrc: 5, marker: false }
      tap.receive(rtpPacket(fields, sequence === 0 ? start : Buffer.alloc(1100)), nowMs)
    }
    await tap.close(nowMs)
    ended.push(tap)
  }
  // Memory of buffers is given back a little after they are collected.
  const heldMb = () => (heldBytes() - before) / 1e6
  await until('it is given up', () => heldMb() < 5, { why: () => `${heldMb()} MB of 22` })
  assert.ok(ended.every((tap) => tap.statistics.packets === 1000))
})
