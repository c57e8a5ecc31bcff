import type { types } from 'mediasoup-client'
import type { RoomStats } from './types.ts'

/** What a whole-connection report says of the pair of addresses in use. */
interface Path {
  readonly roundTripTime: number | undefined
  readonly availableOutgoingBitrate: number | undefined
  readonly bytesSent: number
  readonly bytesReceived: number
}

interface Entry {
  readonly id: string
  readonly type: string
  readonly [field: string]: unknown
}

function entries(report: RTCStatsReport): Entry[] {
  const all: Entry[] = []
  report.forEach((entry: Entry) => all.push(entry))
  return all
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function pathOf(report: RTCStatsReport | undefined): Path {
  const all = report ? entries(report) : []
  const transport = all.find((entry) => entry.type === 'transport')
  const selected = transport?.['selectedCandidatePairId']
  const pair = all.find(
    (entry) =>
      entry.type === 'candidate-pair' &&
      (selected === undefined ? entry['nominated'] === true : entry.id === selected),
  )
  const seconds = number(pair?.['currentRoundTripTime'])
  return {
    roundTripTime: seconds === undefined ? undefined : seconds * 1000,
    availableOutgoingBitrate: number(pair?.['availableOutgoingBitrate']),
    bytesSent: number(pair?.['bytesSent']) ?? 0,
    bytesReceived: number(pair?.['bytesReceived']) ?? 0,
  }
}

async function reportOf(transport: types.Transport): Promise<RTCStatsReport | undefined> {
  if (transport.closed) return undefined
  return transport.getStats().catch(() => undefined)
}

export async function readRoomStats(send: types.Transport, receive: types.Transport): Promise<RoomStats> {
  const [sending, receiving] = await Promise.all([reportOf(send), reportOf(receive)])
  const out = pathOf(sending)
  const back = pathOf(receiving)
  return {
    timestamp: Date.now(),
    roundTripTime: out.roundTripTime ?? back.roundTripTime,
    availableOutgoingBitrate: out.availableOutgoingBitrate,
    bytesSent: out.bytesSent + back.bytesSent,
    bytesReceived: out.bytesReceived + back.bytesReceived,
    sendState: send.connectionState,
    receiveState: receive.connectionState,
    send: sending,
    receive: receiving,
  }
}

/** How well what this client sends arrives: round-trip time in milliseconds, and the worst share of lost packets. */
export async function readSendHealth(
  send: types.Transport,
): Promise<{ roundTripTime?: number; packetLoss?: number }> {
  const report = await reportOf(send)
  if (!report) return {}
  const { roundTripTime } = pathOf(report)
  const losses = entries(report).flatMap((entry) =>
    entry.type === 'remote-inbound-rtp' ? (number(entry['fractionLost']) ?? []) : [],
  )
  return {
    ...(roundTripTime === undefined ? {} : { roundTripTime }),
    ...(losses.length === 0 ? {} : { packetLoss: Math.max(...losses) }),
  }
}
