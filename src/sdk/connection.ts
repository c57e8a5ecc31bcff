import { Device, type types } from 'mediasoup-client'
import type { PeerInfo } from '../protocol/model.ts'
import type { Input, Method, Output } from '../protocol/requests.ts'
import type { NotificationData, ServerMethod, ServerRequestOutput } from '../protocol/server-messages.ts'
import { SluiceError } from './errors.ts'
import { Signaling, signalingUrl, type Closure, type Notification, type ServerRequest } from './signaling.ts'
import type { DeviceInfo, DisconnectReason, Metadata, WaitReason } from './types.ts'
import { abortReason, orAborted } from './wait.ts'

export type Welcome = NotificationData<'room.welcome'>
export type Direction = 'send' | 'receive'

export interface ConnectionHooks {
  readonly onRequest: (
    request: ServerRequest,
    connection: Connection,
  ) => Promise<ServerRequestOutput<ServerMethod>>
  readonly onNotification: (notification: Notification, connection: Connection) => void
  /** The session is over; called once, unless `close` was called first. */
  readonly onLost: (closure: Closure, connection: Connection) => void
  /** The way media takes became better or worse. */
  readonly onMediaState: (connection: Connection) => void
}

export interface ConnectionOptions {
  readonly url: string
  readonly roomId: string
  readonly peerId: string
  readonly peerSecret: string | undefined
  readonly token: string | undefined
  readonly name: string
  readonly metadata: Metadata
  readonly autoSubscribe: boolean
  readonly iceServers: readonly RTCIceServer[]
  readonly forceTcp: boolean
  /** Called when this client has to wait to be let in, again when the reason changes, and without one when it is let in. */
  readonly onWaiting: (why: WaitReason | undefined) => void
  readonly hooks: ConnectionHooks
  /** Ends the attempt to connect; has no effect afterwards. */
  readonly signal: AbortSignal
}

/** How often the socket is tried while this client waits to be let in; afterwards the server says how often. Milliseconds. */
const waitingPingInterval = 20_000
/** How long `disconnected` may last before ICE is restarted; it often heals by itself. Milliseconds. */
const iceHealTime = 2_000
/** How long an ICE restart may take, in milliseconds, and how often it is tried before everything is built anew. */
const iceRestartTime = 6_000
const iceRestarts = 2
/** A socket that does not answer a ping for this long is dead, in milliseconds. */
const pingTimeout = 5_000
/** The same when there is a reason to doubt it. */
const probeTimeout = 2_500

/** One life on the server: a socket, a joined peer and its two transports. Room makes a new one to reconnect. */
export class Connection {
  readonly device: Device
  readonly welcome: Welcome
  /** The others, at the moment of joining. */
  readonly peers: readonly PeerInfo[]
  /** The room, and what this client may do in it: asked for right behind `join`, so that no later change is missed. */
  readonly facts: Promise<Output<'room.get'>>
  readonly #signaling: Signaling
  readonly #send: types.Transport
  readonly #receive: types.Transport
  readonly #hooks: ConnectionHooks
  readonly #pings: ReturnType<typeof setInterval>
  readonly #healing = new Map<Direction, Healing>()
  #lost = false
  #closed = false

  /** Opens a socket, makes both transports, joins. Does things at the same time where the protocol allows it. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const { hooks, signal } = options
    let connection: Connection | undefined
    let welcome: Welcome | undefined
    let closure: Closure | undefined
    let lost: (error: SluiceError) => void = () => {}
    const losing = new Promise<never>((_, reject) => (lost = reject))
    losing.catch(() => {})
    let joined: (connection: Connection) => void = () => {}
    const joining = new Promise<Connection>((resolve) => (joined = resolve))

    const device = makeDevice()
    let waitingPings: ReturnType<typeof setInterval> | undefined
    const waitingEnded = (): void => {
      clearInterval(waitingPings)
      if (waitingPings !== undefined) options.onWaiting(undefined)
      waitingPings = undefined
    }
    const signaling: Signaling = await Signaling.open({
      url: signalingUrl(options.url, globalThis.location?.href ?? 'http://localhost', options),
      signal,
      handlers: {
        // The server asks only after `join`; what comes before its answer was handled waits for that.
        onRequest: async (request) => hooks.onRequest(request, connection ?? (await joining)),
        onNotification: (notification) => {
          if (notification.method === 'room.waiting') {
            waitingPings ??= setInterval(() => signaling.ping(pingTimeout), waitingPingInterval)
            options.onWaiting(notification.data.why)
          } else if (notification.method === 'room.welcome') {
            welcome = notification.data
            waitingEnded()
          } else if (connection) hooks.onNotification(notification, connection)
        },
        onClosed: (told) => {
          closure = told
          clearInterval(waitingPings)
          if (connection) connection.#socketClosed(told)
          else lost(sessionEnded(told))
        },
      },
    })

    const transports: types.Transport[] = []
    let facts: Promise<Output<'room.get'>> | undefined
    try {
      const ready = (async () => {
        const create = (direction: 'producer' | 'consumer'): Promise<Output<'createWebRtcTransport'>> =>
          signaling.request('createWebRtcTransport', { forceTcp: options.forceTcp, appData: { direction } })
        const loaded = signaling
          .request('getRouterRtpCapabilities', {})
          .then(({ routerRtpCapabilities }) =>
            device.load({ routerRtpCapabilities: routerRtpCapabilities as types.RtpCapabilities }),
          )
        const [send, receive] = await Promise.all([create('producer'), create('consumer'), loaded])
        if (signaling.closed)
          throw new SluiceError('connection-lost', 'The connection to the server was lost.')
        const iceServers = [...options.iceServers]
        transports.push(device.createSendTransport({ ...transportOptions(send), iceServers }))
        transports.push(device.createRecvTransport({ ...transportOptions(receive), iceServers }))
        const joined = signaling.request('join', {
          displayName: options.name,
          device: thisDevice() as Input<'join'>['device'],
          rtpCapabilities: device.recvRtpCapabilities as Input<'join'>['rtpCapabilities'] & {},
          metadata: options.metadata,
          autoSubscribe: options.autoSubscribe,
        })
        facts = signaling.request('room.get', {})
        facts.catch(() => {})
        return joined
      })()
      const { peers } = await orAborted(Promise.race([ready, losing]), signal)
      if (!welcome || !facts) throw new SluiceError('internal', 'The server does not speak this protocol.')
      const [send, receive] = transports as [types.Transport, types.Transport]
      connection = new Connection({ device, welcome, peers, facts, signaling, send, receive, hooks })
      joined(connection)
      return connection
    } catch (error) {
      clearInterval(waitingPings)
      for (const transport of transports) transport.close()
      signaling.close()
      if (signal.aborted) throw abortReason(signal)
      if (closure && error instanceof SluiceError && error.code === 'connection-lost') {
        throw sessionEnded(closure)
      }
      throw asSluiceError(error)
    }
  }

  private constructor(parts: {
    device: Device
    welcome: Welcome
    peers: readonly PeerInfo[]
    facts: Promise<Output<'room.get'>>
    signaling: Signaling
    send: types.Transport
    receive: types.Transport
    hooks: ConnectionHooks
  }) {
    this.device = parts.device
    this.welcome = parts.welcome
    this.peers = parts.peers
    this.facts = parts.facts
    this.#signaling = parts.signaling
    this.#send = parts.send
    this.#receive = parts.receive
    this.#hooks = parts.hooks
    this.#pings = setInterval(() => this.#signaling.ping(pingTimeout), this.welcome.pingSeconds * 1000)
    this.#wire(this.#send, 'send')
    this.#wire(this.#receive, 'receive')
    window.addEventListener('online', this.#networkChanged)
    window.addEventListener('offline', this.#doubt)
    document.addEventListener('visibilitychange', this.#pageShown)
  }

  /** False from the moment it was lost or closed. */
  get alive(): boolean {
    return !this.#lost && !this.#closed
  }

  get send(): types.Transport {
    return this.#send
  }

  get receive(): types.Transport {
    return this.#receive
  }

  /** `lost` while ICE is being restarted or the socket is gone, `unstable` while it may heal. */
  get mediaState(): 'unknown' | 'connected' | 'unstable' | 'lost' {
    if (!this.alive) return 'lost'
    const states = [this.#send.connectionState, this.#receive.connectionState]
    if (states.includes('failed')) return 'lost'
    if (states.includes('disconnected')) return 'unstable'
    return states.includes('connected') ? 'connected' : 'unknown'
  }

  request<M extends Method>(method: M, data: Input<M>): Promise<Output<M>> {
    return this.#signaling.request(method, data)
  }

  /** For what needs no answer and may have become pointless meanwhile. */
  notify<M extends Method>(method: M, data: Input<M>): void {
    this.#signaling.notify(method, data)
  }

  /** Leaves the room in order, so that the others see it at once. */
  leave(reason: string | undefined): void {
    if (this.alive) this.#signaling.notify('room.leave', reason ? { reason: reason.slice(0, 128) } : {})
    this.close()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#stopWatching()
    this.#signaling.close()
    this.#send.close()
    this.#receive.close()
  }

  #wire(transport: types.Transport, direction: Direction): void {
    const transportId = transport.id
    transport.on('connect', ({ dtlsParameters }, done) => {
      // Messages arrive in order, so there is nothing to wait for; if it is refused, no media can flow.
      done()
      this.request('connectWebRtcTransport', { transportId, dtlsParameters }).catch((error: SluiceError) => {
        if (error.code !== 'connection-lost') this.#lose({ reason: 'media-lost', reconnect: true })
      })
    })
    transport.on('produce', ({ kind, rtpParameters, appData }, done, failed) => {
      const { source, metadata, paused } = appData as { source: string; metadata: Metadata; paused: boolean }
      this.request('produce', {
        transportId,
        kind,
        rtpParameters: rtpParameters as Input<'produce'>['rtpParameters'],
        paused,
        appData: { source, metadata },
      }).then(({ producerId }) => done({ id: producerId }), failed)
    })
    transport.on('producedata', ({ sctpStreamParameters, label = '', protocol = '' }, done, failed) => {
      const { streamId, ordered, maxPacketLifeTime, maxRetransmits } = sctpStreamParameters
      this.request('produceData', {
        transportId,
        sctpStreamParameters: {
          ...(streamId === undefined ? {} : { streamId }),
          ...(ordered === undefined ? {} : { ordered }),
          ...(maxPacketLifeTime === undefined ? {} : { maxPacketLifeTime }),
          ...(maxRetransmits === undefined ? {} : { maxRetransmits }),
        },
        label,
        protocol,
        appData: { channel: label },
      }).then(({ dataProducerId }) => done({ id: dataProducerId }), failed)
    })
    transport.on('connectionstatechange', (state) => {
      this.#healing.get(direction)?.stateChanged(state)
      if ((state === 'disconnected' || state === 'failed') && !this.#healing.has(direction)) {
        this.#heal(transport, direction)
      }
      if (this.alive) this.#hooks.onMediaState(this)
    })
  }

  /** Waits a little, restarts ICE up to twice, and gives this connection up if that does not help. */
  #heal(transport: types.Transport, direction: Direction): void {
    if (!this.alive) return
    const healing = new Healing(transport, {
      restart: async () => {
        const { iceParameters } = await this.request('restartIce', { transportId: transport.id })
        if (this.alive) await transport.restartIce({ iceParameters })
      },
      done: (healed) => {
        this.#healing.delete(direction)
        if (!healed) this.#lose({ reason: 'media-lost', reconnect: true })
      },
    })
    this.#healing.set(direction, healing)
    // The socket may be dead too, and is quicker to ask.
    this.#doubt()
  }

  readonly #doubt = (): void => this.#signaling.ping(probeTimeout)

  readonly #networkChanged = (): void => {
    this.#doubt()
    for (const [transport, direction] of [
      [this.#send, 'send'],
      [this.#receive, 'receive'],
    ] as const) {
      const { connectionState } = transport
      if (connectionState === 'disconnected' || connectionState === 'failed') {
        if (!this.#healing.has(direction)) this.#heal(transport, direction)
        this.#healing.get(direction)?.hurry()
      }
    }
  }

  readonly #pageShown = (): void => {
    if (document.visibilityState === 'visible' && this.#signaling.silence > probeTimeout) this.#doubt()
  }

  #socketClosed(closure: Closure): void {
    this.#lose(closure)
  }

  /** Media may go on for a while: the transports stay until `close`. */
  #lose(closure: Closure): void {
    if (!this.alive) return
    this.#lost = true
    this.#stopWatching()
    this.#signaling.close()
    this.#hooks.onLost(closure, this)
  }

  #stopWatching(): void {
    clearInterval(this.#pings)
    for (const healing of this.#healing.values()) healing.stop()
    this.#healing.clear()
    window.removeEventListener('online', this.#networkChanged)
    window.removeEventListener('offline', this.#doubt)
    document.removeEventListener('visibilitychange', this.#pageShown)
  }
}

/** The attempts to get one transport's network back. */
class Healing {
  readonly #transport: types.Transport
  readonly #restart: () => Promise<void>
  readonly #done: (healed: boolean) => void
  #timer: ReturnType<typeof setTimeout>
  #restarts = 0
  #stopped = false

  constructor(
    transport: types.Transport,
    options: { restart: () => Promise<void>; done: (healed: boolean) => void },
  ) {
    this.#transport = transport
    this.#restart = options.restart
    this.#done = options.done
    this.#timer = setTimeout(() => this.#next(), transport.connectionState === 'failed' ? 0 : iceHealTime)
  }

  stateChanged(state: types.ConnectionState): void {
    if (state === 'connected') this.#finish(true)
    else if (state === 'failed' && this.#restarts === 0) this.hurry()
  }

  /** Restarts now instead of waiting for the network to heal by itself. */
  hurry(): void {
    if (this.#restarts > 0 || this.#stopped) return
    this.#next()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #next(): void {
    clearTimeout(this.#timer)
    if (this.#stopped) return
    if (this.#transport.connectionState === 'connected') return this.#finish(true)
    if (this.#restarts >= iceRestarts) return this.#finish(false)
    this.#restarts += 1
    this.#timer = setTimeout(() => this.#next(), iceRestartTime)
    this.#restart().catch(() => {})
  }

  #finish(healed: boolean): void {
    if (this.#stopped) return
    this.stop()
    this.#done(healed)
  }
}

function transportOptions(answer: Output<'createWebRtcTransport'>): types.TransportOptions {
  const { transportId: id, iceParameters, iceCandidates, dtlsParameters, sctpParameters } = answer
  return {
    id,
    iceParameters: iceParameters as types.IceParameters,
    iceCandidates: iceCandidates as types.IceCandidate[],
    dtlsParameters: dtlsParameters as types.DtlsParameters,
    ...(sctpParameters ? { sctpParameters: sctpParameters as types.SctpParameters } : {}),
  }
}

function makeDevice(): Device {
  try {
    return new Device()
  } catch (cause) {
    throw new SluiceError('unsupported-browser', 'This browser cannot take part in calls.', { cause })
  }
}

const endings: Partial<Record<DisconnectReason, string>> = {
  denied: 'You were not let in.',
  removed: 'You were removed from the room.',
  banned: 'You were removed from the room and cannot come back.',
  ended: 'The room was ended for everybody.',
}

/** The error that stands for the end of a session. `data` has the `reason`, and the `message` if a moderator gave one. */
export function sessionEnded({ reason, reconnect, message }: Closure): SluiceError {
  const data = message === undefined ? { reason } : { reason, message }
  if (reconnect) return new SluiceError('connection-lost', 'The connection to the server was lost.', { data })
  return new SluiceError('session-ended', endings[reason] ?? 'The server ended the session.', { data })
}

export function asSluiceError(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error
  if (error instanceof Error && error.name === 'UnsupportedError') {
    return new SluiceError('unsupported-browser', 'This browser lacks what is needed for that.', {
      cause: error,
    })
  }
  return new SluiceError('media-failed', 'The browser could not set up the media connection.', {
    cause: error,
  })
}

interface UserAgentData {
  readonly brands?: readonly { brand: string; version: string }[]
}

/** The browser by name, for the others to see. */
export function thisDevice(): DeviceInfo {
  const { userAgent, userAgentData } = navigator as Navigator & { userAgentData?: UserAgentData }
  const brand = userAgentData?.brands?.find(({ brand }) =>
    /^(Google Chrome|Microsoft Edge|Opera|Brave)$/.test(brand),
  )
  if (brand) {
    const name = brand.brand.replace(/^(Google|Microsoft) /, '')
    return { flag: name.toLowerCase(), name, version: brand.version }
  }
  for (const [pattern, name] of [
    [/Edg\/([\d.]+)/, 'Edge'],
    [/OPR\/([\d.]+)/, 'Opera'],
    [/(?:Firefox|FxiOS)\/([\d.]+)/, 'Firefox'],
    [/(?:Chrome|Chromium|CriOS)\/([\d.]+)/, 'Chrome'],
    [/Version\/([\d.]+).*Safari/, 'Safari'],
  ] as const) {
    const version = pattern.exec(userAgent)?.[1]
    if (version) return { flag: name.toLowerCase(), name, version: version.slice(0, 64) }
  }
  return { flag: 'unknown', name: 'Browser' }
}
