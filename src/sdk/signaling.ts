import type { Input, Method, Output } from '../protocol/requests.ts'
import type {
  NotificationData,
  NotificationMethod,
  ServerMethod,
  ServerRequestInput,
  ServerRequestOutput,
} from '../protocol/server-messages.ts'
import { SluiceError, type SluiceErrorCode, type SluiceErrorData } from './errors.ts'
import type { DisconnectReason } from './types.ts'
import { abortReason } from './wait.ts'

/** Why a socket is no more. */
export interface Closure {
  readonly reason: DisconnectReason
  /** Whether connecting again makes sense. */
  readonly reconnect: boolean
  /** What a moderator said to it. */
  readonly message?: string | undefined
}

export type Notification = {
  [M in NotificationMethod]: { method: M; data: NotificationData<M> }
}[NotificationMethod]
export type ServerRequest = { [M in ServerMethod]: { method: M; data: ServerRequestInput<M> } }[ServerMethod]

export interface SignalingHandlers {
  /** A rejection is answered as an error. Called in the order of arrival. */
  readonly onRequest: (request: ServerRequest) => Promise<ServerRequestOutput<ServerMethod>>
  readonly onNotification: (notification: Notification) => void
  /** Called once, unless `close` was called first. */
  readonly onClosed: (closure: Closure) => void
}

export interface SignalingOptions {
  readonly url: string
  readonly handlers: SignalingHandlers
  readonly signal: AbortSignal
}

interface Pending {
  readonly method: string
  readonly resolve: (data: unknown) => void
  readonly reject: (error: SluiceError) => void
  readonly timeout: number
  timer: ReturnType<typeof setTimeout> | undefined
}

/** The server closed the session for good; the other codes ask to come back. */
const finalCloseCode = 4000
const requestTimeout = 15_000

/** A WebSocket that speaks protoo: requests and answers in both directions, and notifications. */
export class Signaling {
  readonly #socket: WebSocket
  readonly #handlers: SignalingHandlers
  readonly #pending = new Map<number, Pending>()
  #nextId = 1
  #told: Closure | undefined
  #closed = false
  /** While this client waits to be let in, the server answers nothing but pings, and nothing else is late. */
  #waiting = false
  #lastHeard = performance.now()

  /** Rejects with `server-unreachable`, with what the server said when it refused, or with the signal's reason. */
  static open({ url, handlers, signal }: SignalingOptions): Promise<Signaling> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(abortReason(signal))
      let socket: WebSocket
      try {
        socket = new WebSocket(url, 'protoo')
      } catch (cause) {
        return reject(
          new SluiceError('invalid-argument', 'The address of the server is not valid.', { cause }),
        )
      }
      const settle = (): void => {
        signal.removeEventListener('abort', abort)
        socket.onopen = null
      }
      const abort = (): void => {
        settle()
        socket.onclose = null
        socket.close()
        reject(abortReason(signal))
      }
      signal.addEventListener('abort', abort)
      socket.onopen = () => {
        settle()
        resolve(new Signaling(socket, handlers))
      }
      socket.onclose = () => {
        settle()
        reject(new SluiceError('server-unreachable', 'The server cannot be reached.'))
      }
    })
  }

  private constructor(socket: WebSocket, handlers: SignalingHandlers) {
    this.#socket = socket
    this.#handlers = handlers
    socket.onmessage = (event) => this.#receive(event.data)
    socket.onclose = (event) => this.#ended(event.code, event.reason)
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Milliseconds since the last message from the server. */
  get silence(): number {
    return performance.now() - this.#lastHeard
  }

  /** Rejects with the server's error, with `timeout`, or with `connection-lost` when the socket closes first. */
  request<M extends Method>(method: M, data: Input<M>, timeout = requestTimeout): Promise<Output<M>> {
    return new Promise<Output<M>>((resolve, reject) => {
      if (this.#closed || this.#socket.readyState !== WebSocket.OPEN) return reject(connectionLost())
      const id = this.#nextId++
      const pending: Pending = {
        method,
        resolve: (answer) => resolve(answer as Output<M>),
        reject,
        timeout,
        timer: undefined,
      }
      this.#pending.set(id, pending)
      if (!this.#waiting || method === 'room.ping') this.#startTimer(id, pending)
      this.#send({ request: true, id, method, data })
    })
  }

  #startTimer(id: number, pending: Pending): void {
    const { method, reject, timeout } = pending
    pending.timer = setTimeout(() => {
      this.#pending.delete(id)
      reject(new SluiceError('timeout', 'The server did not answer in time.', { data: { method } }))
    }, timeout)
  }

  /** Asks for a sign of life. Without one within `timeout` milliseconds the socket counts as dead. */
  ping(timeout: number): void {
    this.request('room.ping', {}, timeout).catch((error: SluiceError) => {
      if (error.code === 'timeout' && this.silence >= timeout) this.abandon()
    })
  }

  /** Sends without waiting for an answer; what has gone meanwhile is no error. */
  notify<M extends Method>(method: M, data: Input<M>): void {
    this.#send({ notification: true, method, data })
  }

  /** Ends it from this side; `onClosed` is not called. */
  close(): void {
    if (this.#closed) return
    this.#end()
    this.#socket.close(1000)
  }

  /** Treats the socket as dead, without waiting for the browser to notice. */
  abandon(): void {
    if (this.#closed) return
    this.#end()
    this.#socket.close()
    this.#handlers.onClosed({ reason: 'connection-lost', reconnect: true })
  }

  #ended(code: number, text: string): void {
    if (this.#closed) return
    this.#end()
    this.#handlers.onClosed(
      this.#told ?? {
        reason: isReason(text) ? text : 'connection-lost',
        reconnect: code !== finalCloseCode,
      },
    )
  }

  #end(): void {
    this.#closed = true
    this.#socket.onmessage = null
    this.#socket.onclose = null
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer)
      reject(connectionLost())
    }
    this.#pending.clear()
  }

  #receive(text: unknown): void {
    this.#lastHeard = performance.now()
    if (typeof text !== 'string') return
    let message: Record<string, unknown>
    try {
      message = JSON.parse(text) as Record<string, unknown>
    } catch {
      return
    }
    const data = message['data'] ?? {}
    if (message['response']) this.#answered(message)
    else if (message['request']) void this.#answer(message['id'] as number, message['method'], data)
    else if (message['notification']) this.#notified({ method: message['method'], data } as Notification)
  }

  #answered(message: Record<string, unknown>): void {
    const id = message['id'] as number
    const pending = this.#pending.get(id)
    if (!pending) return
    this.#pending.delete(id)
    clearTimeout(pending.timer)
    if (message['ok']) return pending.resolve(message['data'] ?? {})
    pending.reject(
      new SluiceError(
        (message['code'] as SluiceErrorCode | undefined) ?? 'internal',
        (message['errorReason'] as string | undefined) ?? 'The server could not do this.',
        { data: message['data'] as SluiceErrorData | undefined },
      ),
    )
  }

  async #answer(id: number, method: unknown, data: unknown): Promise<void> {
    try {
      const answer = await this.#handlers.onRequest({ method, data } as ServerRequest)
      this.#send({ response: true, id, ok: true, data: answer })
    } catch (error) {
      const refused = error instanceof SluiceError && error.code === 'cancelled'
      const errorReason = error instanceof Error ? error.message.slice(0, 256) : 'This failed in the browser.'
      this.#send({ response: true, id, ok: false, errorCode: refused ? 403 : 500, errorReason })
    }
  }

  #notified(notification: Notification): void {
    if (notification.method === 'room.closed') {
      const { reason, reconnect, message } = notification.data
      this.#told = { reason, reconnect, message }
    } else if (notification.method === 'room.waiting') {
      this.#waiting = true
      for (const { method, timer } of this.#pending.values()) {
        if (method !== 'room.ping') clearTimeout(timer)
      }
    } else if (notification.method === 'room.welcome' && this.#waiting) {
      this.#waiting = false
      for (const [id, pending] of this.#pending) {
        clearTimeout(pending.timer)
        this.#startTimer(id, pending)
      }
    }
    this.#handlers.onNotification(notification)
  }

  #send(message: object): void {
    if (this.#closed || this.#socket.readyState !== WebSocket.OPEN) return
    this.#socket.send(JSON.stringify(message))
  }
}

function connectionLost(): SluiceError {
  return new SluiceError('connection-lost', 'The connection to the server was lost.')
}

const reasons: Readonly<Record<DisconnectReason, true>> = {
  left: true,
  replaced: true,
  denied: true,
  removed: true,
  banned: true,
  ended: true,
  'room-closed': true,
  'join-timeout': true,
  'too-many-errors': true,
  'slow-reader': true,
  'connection-lost': true,
  'media-lost': true,
  'worker-died': true,
  'server-closing': true,
  refused: true,
}

export function isReason(text: string): text is DisconnectReason {
  return Object.hasOwn(reasons, text)
}

export interface AddressParts {
  readonly roomId: string
  readonly peerId: string
  readonly peerSecret: string | undefined
  readonly token: string | undefined
  /** What moderators see of somebody who waits to be let in. */
  readonly name: string
}

/** Longest name in the address; a longer one is checked, and refused in words, when joining. */
const longestShownName = 100

/** The WebSocket's address from what the application gave: `https://…`, `wss://…`, a path, or nothing (this page's origin). */
export function signalingUrl(given: string, pageUrl: string, parts: AddressParts): string {
  if (parts.roomId === '') throw new SluiceError('invalid-argument', 'The name of the room is missing.')
  let url: URL
  try {
    url = new URL(given || '/', pageUrl)
  } catch (cause) {
    throw new SluiceError('invalid-argument', 'The address of the server is not valid.', { cause })
  }
  if (!['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol)) {
    throw new SluiceError('invalid-argument', 'The address of the server begins with https:// or wss://.')
  }
  url.protocol = url.protocol === 'http:' || url.protocol === 'ws:' ? 'ws:' : 'wss:'
  url.hash = ''
  const folder = url.pathname.replace(/\/+$/, '')
  url.pathname = folder.endsWith('/ws') ? folder : `${folder}/ws`
  url.searchParams.set('roomId', parts.roomId)
  url.searchParams.set('peerId', parts.peerId)
  if (parts.peerSecret !== undefined) url.searchParams.set('peerSecret', parts.peerSecret)
  if (parts.token !== undefined) url.searchParams.set('access_token', parts.token)
  if (parts.name.trim() !== '') url.searchParams.set('displayName', parts.name.slice(0, longestShownName))
  return url.href
}
