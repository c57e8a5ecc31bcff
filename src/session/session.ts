import type { RawData, WebSocket } from 'ws'
import type { Config } from '../../config/schema.ts'
import { AppError, limitExceeded, toClientError } from '../lib/app-error.ts'
import { randomId } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import { closeCodeFor, closeReasons, type CloseReason } from '../protocol/close-reasons.ts'
import {
  errorText,
  notificationText,
  parseMessage,
  requestText,
  responseText,
  type ResponseMessage,
} from '../protocol/envelope.ts'
import { requests, type Handlers, type Method } from '../protocol/requests.ts'
import {
  notifications,
  type NotificationData,
  type NotificationMethod,
  type ServerMethod,
  type ServerRequestInput,
  type ServerRequestOutput,
} from '../protocol/server-messages.ts'
import { checkAnswer, checkInput, isMethod } from '../protocol/validate.ts'
import type { PeerContext } from '../rooms/context.ts'
import type { Peer } from '../rooms/peer.ts'
import type { PeerChannel } from '../rooms/peer-channel.ts'
import type { Room } from '../rooms/room.ts'
import { Rate } from '../lib/rate.ts'
import { PendingRequests } from './pending-requests.ts'

export interface SessionOptions {
  readonly socket: WebSocket
  /** Whether the client connected to `/ws` and so understands our additions. */
  readonly extended: boolean
  readonly config: Pick<Config, 'rooms' | 'limits'>
  readonly handlers: Handlers<PeerContext>
  /** Takes this session into its room, which may take as long as nobody lets it in; called once, at the start. */
  readonly enter: (channel: PeerChannel, gone: AbortSignal) => Promise<{ room: Room; peer: Peer }>
  readonly log: Log
  readonly onClosed: (session: Session) => void
}

/** A request, or the same as a notification, which has no id. */
interface Handled {
  readonly method: string
  readonly data: unknown
  readonly id: number | undefined
  /** How long the message was. */
  readonly bytes: number
}

/** How long a client may take to complete a close that we began before its socket is cut, in milliseconds. */
const closeGraceMs = 2000
/** A client that was not let in may ask for the reason this long, in milliseconds. */
const refusedGraceMs = 3000
/** A message takes one place of the rate for each this many bytes begun: long ones cost more to read. */
const bytesPerPlace = 16 * 1024
/** A client over its rate is cut when it was refused this many times more than its burst allows. */
const toleratedRefusalBursts = 3

/** One WebSocket: reads messages, checks them, has them handled, answers. */
export class Session implements PeerChannel {
  readonly extended: boolean
  readonly #socket: WebSocket
  readonly #options: SessionOptions
  #log: Log
  readonly #rate: Rate
  readonly #pending = new PendingRequests()
  readonly #entered: Promise<{ room: Room; peer: Peer }>
  readonly #pings: NodeJS.Timeout
  readonly #gone = new AbortController()
  #joinDeadline: NodeJS.Timeout | undefined
  /** Bytes of requests that wait until this session is let in. */
  #waitingBytes = 0
  #closed: CloseReason | undefined
  #peer: Peer | undefined
  #refused: NodeJS.Timeout | undefined
  #answeredPing = true
  #refusals = 0
  #largestWaiting = 0

  constructor(options: SessionOptions) {
    const { socket, config } = options
    this.#options = options
    this.#socket = socket
    this.#log = options.log
    this.extended = options.extended
    this.#rate = new Rate({
      perSecond: config.limits.messagesPerSecond,
      burst: config.limits.messageBurst,
      nowMs: performance.now(),
    })
    socket.on('message', (data, isBinary) => this.#received(data, isBinary))
    socket.on('pong', () => (this.#answeredPing = true))
    socket.on('close', () => this.close('connection-lost'))
    // `ws` reports broken frames and oversize messages here and closes with the right code by itself.
    socket.on('error', (error) => this.#log.debug({ err: error }, 'socket error'))
    this.#pings = setInterval(() => this.#ping(), config.rooms.pingSeconds * 1000)
    this.#entered = this.#enter()
    // Whoever asks is told why; nobody may ask, and nobody may stay.
    this.#entered.catch(() => {
      if (this.#closed !== undefined) return
      this.#refused = setTimeout(() => this.close('refused'), refusedGraceMs)
    })
  }

  /** Ends the connection, and the peer with it. `message` is for the client. */
  close(reason: CloseReason, message?: string): void {
    if (this.#closed !== undefined) return
    this.#closed = reason
    clearInterval(this.#pings)
    clearTimeout(this.#joinDeadline)
    clearTimeout(this.#refused)
    this.#pending.failAll(new AppError('not-found', 'The client is gone.'))
    this.#gone.abort()
    this.#peer?.close(reason)
    this.#closeSocket(reason, message)
    this.#options.onClosed(this)
  }

  // What the room asks of its peer's channel.

  peerClosed(reason: CloseReason, message?: string): void {
    this.close(reason, message)
  }

  async request<M extends ServerMethod>(
    method: M,
    data: ServerRequestInput<M>,
  ): Promise<ServerRequestOutput<M>> {
    if (this.#closed !== undefined) throw new AppError('not-found', 'The client is gone.')
    const timeoutMs = this.#options.config.rooms.requestSeconds * 1000
    const answer = await this.#pending.send(timeoutMs, (id) => this.#send(requestText(id, method, data)))
    return checkAnswer(method, answer)
  }

  notify<M extends NotificationMethod>(method: M, data: NotificationData<M>): void {
    if (notifications[method].ours && !this.extended) return
    this.#send(notificationText(method, data))
  }

  async #enter(): Promise<{ room: Room; peer: Peer }> {
    const entered = await this.#options.enter(this, this.#gone.signal)
    if (this.#closed !== undefined) {
      entered.peer.close(this.#closed)
      throw new AppError('not-found', 'The client is gone.')
    }
    this.#peer = entered.peer
    this.#log = this.#log.child({ peerId: entered.peer.id })
    // Counts from here: whoever waits for a moderator cannot join.
    this.#joinDeadline = setTimeout(() => this.#checkJoined(), this.#options.config.rooms.joinSeconds * 1000)
    return entered
  }

  #received(data: RawData, isBinary: boolean): void {
    if (this.#closed !== undefined) return
    const message = isBinary ? undefined : parseMessage((data as Buffer).toString('utf8'))
    // Answers to our own requests are not counted: we decide how many there are.
    if (message?.kind === 'response' && this.#answered(message)) return

    const weight = Math.ceil((data as Buffer).length / bytesPerPlace)
    const isWithinRate = this.#rate.take(performance.now(), Math.max(1, weight))
    if (
      !isWithinRate &&
      ++this.#refusals > this.#options.config.limits.messageBurst * toleratedRefusalBursts
    ) {
      this.#log.warn({ refusals: this.#refusals }, 'closing a session that does not stop')
      this.close('too-many-errors')
      return
    }
    if (!message) {
      if (isWithinRate) this.#reject(undefined, new AppError('bad-request', 'Messages are text, not binary.'))
      return
    }
    switch (message.kind) {
      case 'response':
        return
      case 'unreadable': {
        const error = isWithinRate ? new AppError('bad-request', message.why) : this.#rateLimited()
        if (message.id !== undefined) this.#sendError(message.id, error)
        else if (isWithinRate) this.#reject(undefined, error)
        return
      }
      case 'request':
        if (!isWithinRate) this.#sendError(message.id, this.#rateLimited())
        else void this.#handle({ ...message, bytes: (data as Buffer).length })
        return
      case 'notification':
        if (isWithinRate) void this.#handle({ ...message, id: undefined, bytes: (data as Buffer).length })
        return
    }
  }

  #answered(message: ResponseMessage): boolean {
    if (message.ok) return this.#pending.answer(message.id, message.data)
    const said = message.errorReason ?? 'no reason'
    return this.#pending.fail(message.id, new AppError('forbidden', `The client refused: ${said}`))
  }

  /** Handles a request (with an id) or the same as a notification (without). Never throws. */
  async #handle({ method, data, id, bytes }: Handled): Promise<void> {
    const afterAnswer: (() => void)[] = []
    try {
      if (!isMethod(method)) throw new AppError('unknown-method', `There is no method ${method}.`)
      const input = checkInput(method, data)
      if (!this.#peer && this.#answeredOutside(method, id)) return
      await this.#letIn(bytes)
      const { room, peer } = await this.#entered
      peer.assertOpen()
      if (requests[method].joined && !peer.joined) throw new AppError('not-joined', 'Send join first.')
      const handler = this.#options.handlers[method] as (context: PeerContext, input: unknown) => unknown
      const output = await handler({ room, peer, afterAnswer: (act) => afterAnswer.push(act) }, input)
      if (id !== undefined) this.#send(responseText(id, output as object))
      this.#log.trace({ method, id }, 'handled')
    } catch (error) {
      this.#failed(method, id, error)
      return
    }
    try {
      for (const act of afterAnswer) act()
    } catch (error) {
      // The client has its answer already, and a rejection that nobody handles would end the process.
      this.#log.error({ err: error, method }, 'failed after the answer')
    }
  }

  /** What a client that waits to be let in may ask. Returns whether this was it. */
  #answeredOutside(method: Method, id: number | undefined): boolean {
    if (this.#refused || (method !== 'room.ping' && method !== 'room.leave')) return false
    if (id !== undefined) this.#send(responseText(id, {}))
    if (method === 'room.leave') this.close('left')
    return true
  }

  /** Waits until this session is let in. Throws `limit-exceeded` when too much waits already: it may take hours. */
  async #letIn(bytes: number): Promise<void> {
    if (this.#peer) return
    const max = this.#options.config.limits.messageBytes
    if (this.#waitingBytes + bytes > max) throw limitExceeded('messageBytes', max)
    this.#waitingBytes += bytes
    try {
      await this.#entered
    } finally {
      this.#waitingBytes -= bytes
    }
  }

  #failed(method: string, id: number | undefined, thrown: unknown): void {
    const requestId = randomId()
    const error = toClientError(thrown, requestId)
    if (error.code === 'internal') this.#log.error({ err: thrown, method, requestId }, 'request failed')
    else this.#log.debug({ method, code: error.code, why: error.message }, 'request refused')
    if (id === undefined) this.#reject(method, error)
    else this.#sendError(id, error)
  }

  #sendError(id: number, error: AppError): void {
    const { status, message, code, data } = error
    this.#send(errorText(id, { status, message, code, data }))
  }

  /** What cannot be answered is at least told to clients that know the notification. */
  #reject(method: string | undefined, error: AppError): void {
    const { code, message: reason } = error
    this.notify('room.messageRejected', method === undefined ? { code, reason } : { method, code, reason })
  }

  #send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount === 0) this.#largestWaiting = 0
    this.#socket.send(text)
    this.#largestWaiting = Math.max(this.#largestWaiting, Buffer.byteLength(text))
    // One message may be larger than the limit: the list of everybody in a full room, which its reader has to get somehow.
    if (this.#socket.bufferedAmount - this.#largestWaiting > this.#options.config.limits.bufferedBytes) {
      this.#log.warn({ bufferedBytes: this.#socket.bufferedAmount }, 'closing a session that does not read')
      this.close('slow-reader')
    }
  }

  #closeSocket(reason: CloseReason, message: string | undefined): void {
    const socket = this.#socket
    if (socket.readyState !== socket.OPEN) {
      if (socket.readyState !== socket.CLOSED) socket.terminate()
      return
    }
    if (reason === 'slow-reader') {
      socket.terminate()
      return
    }
    if (this.extended) {
      const { reconnect } = closeReasons[reason]
      const told = message === undefined ? {} : { message }
      socket.send(notificationText('room.closed', { reason, reconnect, ...told }))
    }
    socket.close(closeCodeFor(reason), reason)
    // Some clients never complete the closing hand-shake.
    const cut = setTimeout(() => socket.terminate(), closeGraceMs)
    socket.once('close', () => clearTimeout(cut))
  }

  #ping(): void {
    if (!this.#answeredPing) {
      this.#log.info('no answer to ping')
      this.close('connection-lost')
      return
    }
    this.#answeredPing = false
    this.#socket.ping()
  }

  #rateLimited(): AppError {
    const limit = 'messagesPerSecond'
    const max = this.#options.config.limits[limit]
    return new AppError('rate-limited', 'Too many messages per second.', { limit, max })
  }

  #checkJoined(): void {
    if (!this.#peer?.joined) this.close('join-timeout')
  }
}
