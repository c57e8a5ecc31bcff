import { createHmac, randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { crc32 } from 'node:zlib'
import type { types } from 'mediasoup'

const host = '127.0.0.1'
const stunMagicCookie = 0x2112a442
const opus: types.RouterRtpCodecCapability = {
  kind: 'audio',
  mimeType: 'audio/opus',
  clockRate: 48_000,
  channels: 2,
  preferredPayloadType: 100,
}

/**
 * Proves that a worker binary can carry a call, and throws if it cannot.
 *
 * A worker may start and still be unusable: one built against an OpenSSL with kernel TLS dies at its first DTLS
 * handshake, one with a wrong libsrtp mangles media. So the worker is made to call itself: two WebRtcTransports are
 * joined by a pair of sockets that play the ICE client for both, one transport is DTLS client and the other DTLS
 * server, and an RTP packet has to go through encrypted and come out as it went in.
 */
export async function selfCheck(path: string, options: { timeoutMs?: number } = {}): Promise<void> {
  // Loaded here because it is slow, and because a start that finds a checked binary does not come here.
  const { createWorker } = await import('mediasoup')
  const worker = await withTimeout(
    createWorker({ workerBin: path, logLevel: 'error' }),
    options.timeoutMs ?? 10_000,
    'it does not start',
  )
  const relay = new Relay()

  try {
    const died = new Promise<never>((_, reject) => {
      worker.once('died', (error) => reject(new Error(`it died during the call ${error.message}`)))
    })

    await withTimeout(
      Promise.race([died, callItself(worker, relay)]),
      options.timeoutMs ?? 10_000,
      () => relay.state,
    )
  } finally {
    relay.close()
    const closed = once(worker, 'subprocessclose')
    worker.close()
    if (!worker.subprocessClosed)
      await withTimeout(closed, 5_000, 'it does not exit').catch(() => kill(worker.pid))
  }
}

async function callItself(worker: types.Worker, relay: Relay): Promise<void> {
  const server = await worker.createWebRtcServer({ listenInfos: [{ protocol: 'udp', ip: host, port: 0 }] })
  const router = await worker.createRouter({ mediaCodecs: [opus] })
  const near = await router.createWebRtcTransport({ webRtcServer: server })
  const far = await router.createWebRtcTransport({ listenInfos: [{ protocol: 'udp', ip: host }] })

  await Promise.all([
    near.connect({ dtlsParameters: { role: 'server', fingerprints: far.dtlsParameters.fingerprints } }),
    far.connect({ dtlsParameters: { role: 'client', fingerprints: near.dtlsParameters.fingerprints } }),
  ])
  relay.watch(near, far)
  await relay.join(near, far)
  await Promise.all([becomesConnected(near), becomesConnected(far)])

  const source = await router.createDirectTransport()
  const sink = await router.createDirectTransport()
  const sent = await source.produce({
    kind: 'audio',
    rtpParameters: {
      codecs: [{ mimeType: opus.mimeType, clockRate: opus.clockRate, channels: 2, payloadType: 100 }],
      encodings: [{ ssrc: 0x51c3 }],
    },
  })
  const leaving = await near.consume({ producerId: sent.id, rtpCapabilities: router.rtpCapabilities })
  const arriving = await far.produce({ kind: 'audio', rtpParameters: leaving.rtpParameters })
  const received = await sink.consume({ producerId: arriving.id, rtpCapabilities: router.rtpCapabilities })

  const payload = randomBytes(160)
  const arrived = new Promise<void>((resolve) => {
    received.on('rtp', (packet) => {
      if (packet.subarray(-payload.length).equals(payload)) resolve()
    })
  })

  // Again and again: packets sent before the consumer is ready are dropped.
  let sequenceNumber = 0
  const sending = setInterval(() => {
    sequenceNumber += 1
    sent.send(rtpPacket({ payloadType: 100, ssrc: 0x51c3, sequenceNumber, payload }))
  }, 20)

  try {
    relay.doing = 'RTP packets do not come through SRTP'
    await arrived
  } finally {
    clearInterval(sending)
  }

  // A worker that dies a moment after the handshake would not answer any more.
  await worker.dump()
}

async function becomesConnected(transport: types.WebRtcTransport): Promise<void> {
  if (transport.dtlsState === 'connected') return
  await new Promise<void>((resolve, reject) => {
    transport.on('dtlsstatechange', (state) => {
      if (state === 'connected') resolve()
      else if (state === 'failed' || state === 'closed') reject(new Error(`its DTLS handshake ${state}`))
    })
  })
}

/** The ICE client of two transports: asks each for a binding, and carries what one sends to the other. */
class Relay {
  readonly #sockets: Socket[] = []
  #transports: types.WebRtcTransport[] = []
  #asking: NodeJS.Timeout | undefined
  doing = 'the DTLS handshake does not finish'

  /** What has not happened yet, for a message. */
  get state(): string {
    const states = this.#transports.map(
      (transport) => `ICE ${transport.iceState}, DTLS ${transport.dtlsState}`,
    )
    return `${this.doing} (${states.join('; ')})`
  }

  watch(...transports: types.WebRtcTransport[]): void {
    this.#transports = transports
  }

  async join(near: types.WebRtcTransport, far: types.WebRtcTransport): Promise<void> {
    const ends = await Promise.all(
      [near, far].map(async (transport) => {
        const socket = createSocket('udp4')
        this.#sockets.push(socket)
        socket.bind(0, host)
        await once(socket, 'listening')
        const port = transport.iceCandidates[0]?.port
        if (port === undefined) throw new Error('it offers no ICE candidate')
        return { transport, socket, port }
      }),
    )
    const [a, b] = ends as [(typeof ends)[number], (typeof ends)[number]]

    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      from.socket.on('message', (datagram) => {
        // The first two bits are 0 in STUN answers only; DTLS and SRTP are for the other side.
        const isStun = (datagram[0] ?? 0) < 20
        if (!isStun) to.socket.send(datagram, to.port, host)
      })
    }

    const ask = (): void => {
      for (const { transport, socket, port } of ends) {
        socket.send(stunBindingRequest(transport.iceParameters), port, host)
      }
    }
    ask()
    this.#asking = setInterval(ask, 200)
  }

  close(): void {
    clearInterval(this.#asking)
    for (const socket of this.#sockets) socket.close()
  }
}

/** A STUN binding request that nominates the pair (RFC 8489, RFC 8445). */
export function stunBindingRequest(ice: { usernameFragment: string; password: string }): Buffer {
  const attributes = [
    stunAttribute(0x0006, Buffer.from(`${ice.usernameFragment}:sluice`)), // USERNAME
    stunAttribute(0x0024, uint32(0x7e7f_ffff)), // PRIORITY
    stunAttribute(0x802a, randomBytes(8)), // ICE-CONTROLLING
    stunAttribute(0x0025, Buffer.alloc(0)), // USE-CANDIDATE
  ]
  const header = Buffer.alloc(20)
  header.writeUInt16BE(0x0001, 0)
  header.writeUInt32BE(stunMagicCookie, 4)
  randomBytes(12).copy(header, 8)

  const append = (type: number, valueLength: number, value: (soFar: Buffer) => Buffer): void => {
    // The header's length counts the attribute that is being computed.
    const length = attributes.reduce((sum, attribute) => sum + attribute.length, 0)
    header.writeUInt16BE(length + 4 + valueLength, 2)
    attributes.push(stunAttribute(type, value(Buffer.concat([header, ...attributes]))))
  }
  append(0x0008, 20, (soFar) => createHmac('sha1', ice.password).update(soFar).digest()) // MESSAGE-INTEGRITY
  append(0x8028, 4, (soFar) => uint32((crc32(soFar) ^ 0x5354_554e) >>> 0)) // FINGERPRINT

  return Buffer.concat([header, ...attributes])
}

function stunAttribute(type: number, value: Buffer): Buffer {
  const attribute = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4)
  attribute.writeUInt16BE(type, 0)
  attribute.writeUInt16BE(value.length, 2)
  value.copy(attribute, 4)
  return attribute
}

function rtpPacket(packet: {
  payloadType: number
  ssrc: number
  sequenceNumber: number
  payload: Buffer
}): Buffer {
  const header = Buffer.alloc(12)
  header[0] = 0x80
  header[1] = packet.payloadType
  header.writeUInt16BE(packet.sequenceNumber & 0xffff, 2)
  header.writeUInt32BE((packet.sequenceNumber * 960) >>> 0, 4)
  header.writeUInt32BE(packet.ssrc, 8)
  return Buffer.concat([header, packet.payload])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

async function withTimeout<T>(work: Promise<T>, ms: number, what: string | (() => string)): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(typeof what === 'string' ? what : what())), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has gone in the meantime.
  }
}
