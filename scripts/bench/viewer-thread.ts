import { createSocket } from 'node:dgram'
import { parentPort } from 'node:worker_threads'
import type { Watched } from './viewer.ts'

/** Reads what a viewer gets, in a thread of its own, so that what else the bench does is not measured with it. */

interface Stream {
  /** Of the newest packet, counted on beyond 16 bits. */
  highest: number
  /** The first that counts. */
  first: number
  received: number
  lastWayMs: number | undefined
}

const streams = new Map<number, Stream>()
let ways: number[] = []
let changes: number[] = []

const socket = createSocket({ type: 'udp4', recvBufferSize: 4_000_000 })
socket.on('message', (packet) => {
  const now = process.hrtime.bigint()
  const type = packet[1]! & 0x7f
  // RTCP
  if (type >= 72 && type <= 78) return
  const ssrc = packet.readUInt32BE(8)
  const sequence = packet.readUInt16BE(2)
  const wayMs = Number(now - packet.readBigUInt64BE(packet.length - 8)) / 1e6
  let stream = streams.get(ssrc)
  if (!stream) {
    stream = { highest: sequence, first: sequence, received: 0, lastWayMs: undefined }
    streams.set(ssrc, stream)
  }
  const ahead = (sequence - stream.highest) & 0xffff
  if (ahead < 0x8000) stream.highest += ahead
  stream.received++
  if (stream.lastWayMs !== undefined) changes.push(Math.abs(wayMs - stream.lastWayMs))
  stream.lastWayMs = wayMs
  ways.push(wayMs)
})
socket.bind(0, '127.0.0.1', () => parentPort!.postMessage(socket.address().port))

/** Tells what was seen since it told the last time. */
parentPort!.on('message', () => {
  let [packets, expected] = [0, 0]
  for (const stream of streams.values()) {
    packets += stream.received
    expected += stream.highest - stream.first + 1
    stream.first = stream.highest + 1
    stream.received = 0
  }
  ways.sort((a, b) => a - b)
  const at = (share: number) => ways[Math.min(ways.length - 1, Math.floor(share * ways.length))] ?? 0
  const watched: Watched = {
    streams: streams.size,
    packets,
    lostPercent: (100 * Math.max(0, expected - packets)) / Math.max(1, expected),
    jitterMs: changes.reduce((sum, change) => sum + change, 0) / Math.max(1, changes.length),
    medianMs: at(0.5),
    slowestMs: at(0.99),
  }
  ways = []
  changes = []
  parentPort!.postMessage(watched)
})
