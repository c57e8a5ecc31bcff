import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { WebSocket } from 'ws'
import { httpHost, type ListenAddress } from '../config/addresses.ts'
import { routerCodecs } from '../config/codecs.ts'
import type { Config } from '../config/schema.ts'
import { mediasoupVersion, WorkerPool, type WorkerStatus } from '../workers/worker-pool.ts'
import { healthRoutes } from './http/health.routes.ts'
import { createHttpServer } from './http/server.ts'
import { signalingRoutes, type Admission } from './http/signaling.routes.ts'
import { serveWebApp } from './http/web-app.ts'
import { AppError } from './lib/app-error.ts'
import { isSecret, randomId, Secret, type PeerId, type RoomId } from './lib/ids.ts'
import type { Log } from './lib/log.ts'
import type { CloseReason } from './protocol/close-reasons.ts'
import type { Handlers } from './protocol/requests.ts'
import type { PeerContext } from './rooms/context.ts'
import { mediaHandlers } from './rooms/media.handlers.ts'
import type { PeerChannel } from './rooms/peer-channel.ts'
import { roomHandlers } from './rooms/room.handlers.ts'
import { Rooms } from './rooms/rooms.ts'
import { admitsGuests } from './session/guests.ts'
import { Session } from './session/session.ts'

export const version = (
  JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as { version: string }
).version

export interface AppOptions {
  readonly config: Config
  /** Where workers receive media; from config/addresses.ts. */
  readonly listen: readonly ListenAddress[]
  /** Path of the mediasoup worker binary. */
  readonly workerBinary: string
  readonly log: Log
}

/** Every method of the protocol and who does it. */
const handlers: Handlers<PeerContext> = { ...roomHandlers, ...mediaHandlers }

/** The whole server: builds every part once and connects them. */
export class App {
  readonly workers: WorkerPool
  readonly rooms: Rooms
  readonly http: FastifyInstance
  readonly #options: AppOptions
  readonly #sessions = new Set<Session>()
  #closed: Promise<void> | undefined

  /** Starts the workers. Throws when one cannot be started. */
  static async create(options: AppOptions): Promise<App> {
    const { config, listen, workerBinary, log } = options
    const workers = await WorkerPool.create({
      config: config.workers,
      codecs: routerCodecs(config.media),
      listen,
      binary: workerBinary,
      log,
    })
    try {
      const http = await createHttpServer({ http: config.http, limits: config.limits, log })
      const app = new App(options, workers, http)
      await app.#route()
      return app
    } catch (error) {
      await workers.close()
      throw error
    }
  }

  private constructor(options: AppOptions, workers: WorkerPool, http: FastifyInstance) {
    this.#options = options
    this.workers = workers
    this.http = http
    this.rooms = new Rooms({
      config: options.config,
      createRouter: () => workers.createRouter(),
      log: options.log,
    })
  }

  get sessionCount(): number {
    return this.#sessions.size
  }

  workerStatus(): WorkerStatus[] {
    return this.workers.status
  }

  /** Begins to serve; resolves with the TCP port in use. */
  async listen(): Promise<number> {
    const { config } = this.#options
    await this.http.listen({ host: httpHost(config), port: config.http.port })
    return (this.http.server.address() as AddressInfo).port
  }

  /** Ends sessions, rooms, the web server and the workers, in this order. Resolves when nothing is left. */
  close(reason: CloseReason = 'server-closing'): Promise<void> {
    this.#closed ??= this.#close(reason)
    return this.#closed
  }

  async #close(reason: CloseReason): Promise<void> {
    this.rooms.close(reason)
    for (const session of this.#sessions) session.close(reason)
    await this.http.close()
    await this.workers.close()
  }

  async #route(): Promise<void> {
    const { config } = this.#options
    const page = await serveWebApp(this.http)
    await this.http.register(healthRoutes, {
      version,
      workers: () => this.workerStatus(),
      closing: () => this.#closed !== undefined,
    })
    await this.http.register(signalingRoutes, {
      config,
      page,
      open: (socket, admission) => this.#openSession(socket, admission),
    })
  }

  #openSession(socket: WebSocket, admission: Admission): void {
    const { config, log } = this.#options
    const { roomId, peerId = randomId(), peerSecret, extended, address } = admission
    // The same client keeps its secret: an answer of ours that got lost must not lock it out.
    const secret = new Secret(isSecret(peerSecret) ? peerSecret : undefined)
    const session = new Session({
      socket,
      extended,
      config,
      handlers,
      log: log.child({ roomId, peerId, address }),
      onClosed: (closed) => this.#sessions.delete(closed),
      enter: async (channel: PeerChannel) => {
        if (!admitsGuests(config)) {
          throw new AppError('unauthorized', 'This server lets nobody in without a token.')
        }
        const room = await this.rooms.getOrCreate(roomId as RoomId)
        const peer = room.enter({ id: peerId as PeerId, secret, proof: peerSecret, channel })
        return { room, peer }
      },
    })
    this.#sessions.add(session)
    session.notify('mediasoupVersion', { version: mediasoupVersion })
    const { opusFec, opusDtx } = config.media
    session.notify('room.welcome', {
      peerId,
      peerSecret: secret.reveal(),
      roomId,
      serverVersion: version,
      codecOptions: { opusFec, opusDtx },
      pingSeconds: config.rooms.pingSeconds,
    })
    if (this.#closed) session.close('server-closing')
  }
}
