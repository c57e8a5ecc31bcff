import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rtpPacket, senderReport } from '../src/tests/support/recorder-packets.ts'
import { negativeAcknowledgement, parseRtp, parseSenderReports, Unwrapper } from './rtp.ts'

const fields = { payloadType: 101, sequence: 7, timestamp: 4_000_000_000, ssrc: 3_000_000_000, marker: true }

test('header extensions, contributing sources and padding are not payload', () => {
  const plain = rtpPacket(fields, Buffer.from('payload'))
  assert.deepEqual(parseRtp(plain), { ...fields, audioLevel: undefined, payload: Buffer.from('payload') })

  const head = Buffer.from(plain.subarray(0, 12))
  head[0] = 0x80 | 0x20 | 0x10 | 2
  const sources = Buffer.alloc(8, 9)
  const extension = Buffer.from('bede000110ff0000', 'hex')
  const padding = Buffer.from([0, 0, 3])
  const full = Buffer.concat([head, sources, extension, Buffer.from('payload'), padding])
  assert.deepEqual(parseRtp(full), { ...fields, audioLevel: undefined, payload: Buffer.from('payload') })
})

test('how loud sound is stands in a header extension of either form', () => {
  const level = (block: string, id: number) => {
    const packet = rtpPacket(fields, Buffer.from('payload'))
    packet[0] = 0x90
    const extended = Buffer.concat([packet.subarray(0, 12), Buffer.from(block, 'hex'), packet.subarray(12)])
    const parsed = parseRtp(extended, id)
    assert.deepEqual(parsed?.payload, Buffer.from('payload'))
    return parsed?.audioLevel
  }
  // 5 with two bytes, padding, 10 with one that says voice and -33 dBov.
  assert.equal(level('bede000251aabb00a0a10000', 10), 33)
  assert.equal(level('bede000251aabb00a0a10000', 9), undefined)
  assert.equal(level('1000000205 02aabb 0a 01 7f 00'.replaceAll(' ', ''), 10), 127)
  // Behind 15 nothing follows; a length beyond the block is none.
  assert.equal(level('bede0001f0a0a100', 10), undefined)
  assert.equal(level('1000000109000a01', 10), undefined)
  assert.equal(level('abcd0001a0a10000', 10), undefined)
})

test('what is not a whole packet is none', () => {
  const packet = rtpPacket(fields, Buffer.from([1, 2, 200]))
  for (let length = 0; length < 12; length++) assert.equal(parseRtp(packet.subarray(0, length)), undefined)
  const padded = Buffer.from(packet)
  padded[0] = 0xa0
  assert.equal(parseRtp(padded), undefined, 'more padding than packet')
  const extended = Buffer.from(packet)
  extended[0] = 0x90
  assert.equal(parseRtp(extended), undefined, 'half an extension')
})

test('sender reports are found in compound packets', () => {
  const report = { ssrc: 5, ntpMs: 1_800_000_000_250, timestamp: 77 }
  const other = Buffer.from('81ca00020000000501020304', 'hex')
  const [found, ...rest] = parseSenderReports(Buffer.concat([other, senderReport(report)]))
  assert.equal(rest.length, 0)
  assert.deepEqual({ ...found, ntpMs: Math.round(found!.ntpMs) }, report)
  assert.deepEqual(parseSenderReports(senderReport(report).subarray(0, 20)), [])
})

test('sender reports go on when the seconds of NTP begin again, in 2036', () => {
  const again = Date.UTC(2036, 1, 7, 6, 28, 16)
  for (const ntpMs of [again - 250, again, again + 3_600_000]) {
    const [found] = parseSenderReports(senderReport({ ssrc: 5, ntpMs, timestamp: 77 }))
    assert.equal(Math.round(found!.ntpMs), ntpMs)
  }
})

test('packets that are asked for again stand 17 to an entry', () => {
  const bytes = negativeAcknowledgement(9, [65_534, 65_535, 3, 40])
  assert.equal(bytes.readUInt16BE(2), bytes.length / 4 - 1)
  assert.equal(bytes.readUInt32BE(8), 9)
  const entries = [12, 16].map((at) => [bytes.readUInt16BE(at), bytes.readUInt16BE(at + 2)])
  // After 65534: 65535 is the 1st, 3 the 5th.
  assert.deepEqual(entries, [
    [65_534, 0b10001],
    [40, 0],
  ])
})

test('numbers go on beyond their wrap, and late ones stay before it', () => {
  const sequence = new Unwrapper(16)
  assert.deepEqual(
    [65_534, 0, 65_535, 1].map((value) => sequence.unwrap(value)),
    [65_534, 65_536, 65_535, 65_537],
  )
  const time = new Unwrapper(32)
  assert.deepEqual(
    [2 ** 32 - 1, 5, 2 ** 31].map((value) => time.unwrap(value)),
    [2 ** 32 - 1, 2 ** 32 + 5, 2 ** 32 + 2 ** 31],
  )
})
