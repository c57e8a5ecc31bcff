import { WebSocket } from 'ws'
import type { Input, Method, Output } from '../../protocol/requests.ts'
import type { NotificationData, NotificationMethod } from '../../protocol/server-messages.ts'
import { until } from './until.ts'

interface Answer {
  readonly ok: boolean
  readonly data: unknown
  readonly code?: string
  readonly errorCode?: number
  readonly errorReason?: string
}

export interface Heard {
  readonly method: string
  readonly data: Record<string, unknown>
}

export interface ClientOptions {
  /** `/ws` (the default) or `/`, the door for demo clients. */
  readonly path?: string
  readonly room?: string
  readonly peerId?: string
  readonly peerSecret?: string
  readonly accessToken?: string
  /** How moderators see a guest who waits in the lobby. */
  readonly displayName?: string
  readonly headers?: Record<string, string>
  /** Accept a certificate that no authority vouches for. */
  readonly insecure?: boolean
}

/** An error answer, with the code the protocol documents. */
export class RefusedError extends Error {
  readonly code: string | undefined
  readonly data: Record<string, unknown> | undefined
  constructor(answer: Answer) {
    super(`${answer.code}: ${answer.errorReason}`)
    this.code = answer.code
    this.data = answer.data as Record<string, unknown> | undefined
  }
}

/** A client that speaks the wire protocol and nothing else: no media, no SDK. */
export class SignalingClient {
  readonly socket: WebSocket
  readonly heard: Heard[] = []
  /** Requests of the server, in order of arrival. */
  readonly asked: Heard[] = []
  /** What to answer a request of the server; a thrown error refuses, 'silence' never answers. */
  answer: (method: string, data: Record<string, unknown>) => object | 'silence' = () => ({})
  closed: { code: number; reason: string } | undefined
  readonly #pending = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>()
  #nextId = 1

  static async connect(url: string, options: ClientOptions = {}): Promise<SignalingClient> {
    const { path = '/ws', room = 'test', peerId, peerSecret, accessToken, displayName } = options
    const query = new URLSearchParams({
      roomId: room,
      ...(peerId ? { peerId } : {}),
      ...(peerSecret ? { peerSecret } : {}),
      ...(accessToken ? { access_token: accessToken } : {}),
      ...(displayName ? { displayName } : {}),
    })
    const socket = new WebSocket(`${url.replace('http', 'ws')}${path}?${query}`, 'protoo', {
      headers: options.headers ?? {},
      rejectUnauthorized: !options.insecure,
    })
    const client = new SignalingClient(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('unexpected-response', (_request, response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => (body += chunk.toString()))
        response.on('end', () =>
          reject(
            Object.assign(new Error(`HTTP ${response.statusCode}`), { status: response.statusCode, body }),
          ),
        )
      })
      socket.once('error', reject)
    })
    return client
  }

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data) => this.#received(JSON.parse((data as Buffer).toString())))
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() }
      for (const pending of this.#pending.values())
        pending.reject(new Error(`closed while waiting: ${code} ${reason}`))
    })
    socket.on('error', () => undefined)
  }

  /** Sends a request and resolves with its data; rejects with a `RefusedError`. */
  async request<M extends Method>(method: M, data: Input<M>): Promise<Output<M>>
  async request(method: string, data?: unknown): Promise<unknown>
  async request(method: string, data?: unknown): Promise<unknown> {
    const answer = await this.ask({ request: true, method, data })
    if (!answer.ok) throw new RefusedError(answer)
    return answer.data
  }

  /** Sends any object with a fresh id and resolves with the answer, whatever it is. */
  ask(message: object): Promise<Answer> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.send({ id, ...message })
    })
  }

  notify(method: string, data: object): void {
    this.send({ notification: true, method, data })
  }

  send(message: unknown): void {
    this.socket.send(
      typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message),
    )
  }

  notifications<M extends NotificationMethod>(method: M): NotificationData<M>[] {
    return this.heard
      .filter((heard) => heard.method === method)
      .map((heard) => heard.data as NotificationData<M>)
  }

  /** Waits for a notification that fits. */
  hears<M extends NotificationMethod>(
    method: M,
    fits: (data: NotificationData<M>) => boolean = () => true,
  ): Promise<NotificationData<M>> {
    return until(`${method} is heard`, () => this.notifications(method).find(fits), {
      why: () => this.heard.map((heard) => heard.method),
    }) as Promise<NotificationData<M>>
  }

  /** Waits for a request of the server that fits. */
  async isAsked(
    method: string,
    fits: (data: Record<string, unknown>) => boolean = () => true,
  ): Promise<Record<string, unknown>> {
    const asked = await until(
      `${method} is asked`,
      () => this.asked.find((one) => one.method === method && fits(one.data)),
      {
        why: () => this.asked.map((one) => one.method),
      },
    )
    return (asked as Heard).data
  }

  async isClosed(): Promise<{ code: number; reason: string }> {
    await until('the socket is closed', () => this.closed)
    return this.closed!
  }

  /** The steps of a client that sends and receives, up to `join`. */
  async join(options: { name?: string; autoSubscribe?: boolean } = {}) {
    const { routerRtpCapabilities } = await this.request('getRouterRtpCapabilities', {})
    const sending = await this.request('createWebRtcTransport', { appData: { direction: 'producer' } })
    const receiving = await this.request('createWebRtcTransport', { appData: { direction: 'consumer' } })
    const { peers } = await this.request('join', {
      displayName: options.name ?? 'Somebody',
      device: { flag: 'test', name: 'Test' },
      rtpCapabilities: routerRtpCapabilities,
      ...(options.autoSubscribe === undefined ? {} : { autoSubscribe: options.autoSubscribe }),
    })
    return { peers, sendingId: sending.transportId, receivingId: receiving.transportId }
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.socket.close()
    await this.isClosed()
  }

  #received(message: Record<string, unknown>): void {
    if (message['response']) {
      const id = message['id'] as number
      this.#pending.get(id)?.resolve(message as unknown as Answer)
      this.#pending.delete(id)
      return
    }
    const method = message['method'] as string
    const data = (message['data'] ?? {}) as Record<string, unknown>
    if (message['notification']) {
      this.heard.push({ method, data })
      return
    }
    this.asked.push({ method, data })
    const id = message['id']
    try {
      const answer = this.answer(method, data)
      if (answer !== 'silence') this.send({ response: true, id, ok: true, data: answer })
    } catch (error) {
      this.send({ response: true, id, ok: false, errorCode: 403, errorReason: (error as Error).message })
    }
  }
}
