import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodePictures } from '../src/tests/support/recorder-media.ts'
import { payloadsOf, rtpPacket } from '../src/tests/support/recorder-packets.ts'
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
    assert.ok(tap.fileCount <= 1000)
  })
}
