import { existsSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { httpHost, type ListenAddress } from '../config/addresses.ts'
import { onlyCodecs, routerCodecs } from '../config/codecs.ts'
import type { Config } from '../config/schema.ts'
import { spareCores } from '../recorder/cores.ts'
import { usableCores } from '../workers/cores.ts'
import { mediasoupVersion, WorkerPool, type WorkerStatus } from '../workers/worker-pool.ts'
import { subscriberOf } from './http/addresses.ts'
import { healthRoutes } from './http/health.routes.ts'
import { createHttpServer } from './http/server.ts'
import { isLocalVisitor } from './http/local-visitor.ts'
import { signalingRoutes, type Admission } from './http/signaling.routes.ts'
import { serveWebApp } from './http/web-app.ts'
import { AppError } from './lib/app-error.ts'
import { checkTexts } from './lib/check.ts'
import { isSecret, randomId, Secret, type PeerId, type RoomId } from './lib/ids.ts'
import type { Log } from './lib/log.ts'
import { isServerKey, type ApiKeys } from './auth/api-keys.ts'
import { isGuestIdentity } from './meetings/joining.ts'
import { newSetUpCode } from './auth/set-up-code.ts'
import { keptMailsRoutes } from './mail/kept-mails.routes.ts'
import { keepsMails } from './mail/kept-mails.ts'
import type { CloseReason } from './protocol/close-reasons.ts'
import type { Handlers } from './protocol/requests.ts'
import type { PeerContext } from './rooms/context.ts'
import { checkName } from './rooms/checks.ts'
import { mediaHandlers } from './rooms/media.handlers.ts'
import { moderationHandlers } from './rooms/moderation.handlers.ts'
import type { Identity, Peer } from './rooms/peer.ts'
import type { PeerChannel } from './rooms/peer-channel.ts'
import type { Room } from './rooms/room.ts'
import { linkOrigins } from './recordings/delivery.ts'
import { hasRecordings } from './recordings/recordings-folder.ts'
import { LiveRecordings } from './recordings/live-recordings.ts'
import { recordingHandlers } from './recordings/recording.handlers.ts'
import { auditEntryOf } from './rooms/moderation-audit.ts'
import { roomHandlers } from './rooms/room.handlers.ts'
import { Rooms } from './rooms/rooms.ts'
import { guestGrants } from './protocol/grants.ts'
import { admitsGuests } from './session/guests.ts'
import { Session } from './session/session.ts'
import { Lazy } from './lib/lazy.ts'
import { openServices, type Services } from './services.ts'
import { accountOf, holdMeetings } from './live-rooms.ts'
import { meetingOf } from './meetings/rooms.ts'
import { serveRest } from './rest.ts'
import { urlOf } from './start-summary.ts'

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
  /** The address of this host in the local network, where the start was told to serve that. */
  readonly lanAddress?: string | undefined
}

/** What is known only while the server runs. */
interface Presence {
  /** What people reach this server by. */
  url: string
  readonly setUpCode: Secret
}

/** The whole server: builds every part once and connects them. */
export class App {
  readonly workers: WorkerPool
  readonly rooms: Rooms
  readonly liveRecordings: LiveRecordings
  readonly http: FastifyInstance
  readonly #options: AppOptions
  readonly #services: Lazy<Services>
  readonly #presence: Presence
  /** Every method of the protocol and who does it. */
  readonly #handlers: Handlers<PeerContext>
  readonly #sessions = new Set<Session>()
  #hasAdmin = false
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
    const presence: Presence = {
      url: urlOf(config.http, { port: config.http.port, lanAddress: options.lanAddress }),
      setUpCode: newSetUpCode(),
    }
    const usable = usableCores()
    const spare = spareCores(
      usable.cores,
      workers.status.map(({ core }) => core),
    )
    const { setUpCode } = presence
    const services: Lazy<Services> = new Lazy({
      make: async () => {
        const opened = await openServices({
          ...options,
          setUpCode,
          spareCores: spare,
          baseUrl: () => presence.url,
        })
        holdMeetings(opened.meetings, { rooms, liveRecordings })
        opened.recordings.start()
        return opened
      },
      end: (opened) => opened.close(),
    })
    const rooms = new Rooms({
      config,
      createRouter: (codecs) =>
        workers.createRouter(codecs && routerCodecs(onlyCodecs(config.media, codecs))),
      guestsModerate: admitsGuests(config) && config.rooms.firstGuestModerates,
      settingsFor: async (id) =>
        meetingOf(id) === undefined
          ? undefined
          : (await services.get()).meetings.meetings.roomFor(meetingOf(id)!),
      log,
    })
    rooms.listen({
      moderated: (room, act) => {
        const entry = auditEntryOf(room, act, new Date())
        // Who only tries Sluice out has no admin who would read it.
        if (!entry || !services.wanted) return
        services.get().then(
          ({ audit }) => audit.note(entry),
          () => log.warn({ action: entry.action }, 'not in the audit log'),
        )
      },
    })
    const liveRecordings = new LiveRecordings({
      config,
      rooms,
      keeper: async () => (await services.get()).recordings,
      workerShares: () => workers.status.map(({ cpu }) => cpu),
      cores: Math.min(usable.cores.length, usable.quota ?? Infinity),
      spareCores: spare,
      meetingOf,
      policyOf: async (meetingId) => (await services.get()).meetings.meetings.recordPolicyOf(meetingId),
      accountOf,
      audit: async (entry) => (await services.get()).audit.record(entry),
      log,
    })
    try {
      // Where tokens are the way in, a database that cannot be opened must stop the start, not the first caller.
      if (!admitsGuests(config) || config.database.url !== '') await services.get()
      // What was recorded has to be looked after, and a crash may have left some of it unfinished; nobody waits for that.
      else if (hasRecordings(config.dataDir)) {
        services.get().catch((error: unknown) => log.error({ err: error }, 'recordings are not looked after'))
      }
      const mediaOrigins = linkOrigins(config.storage)
      const http = await createHttpServer({ http: config.http, limits: config.limits, mediaOrigins, log })
      const app = new App(options, { workers, http, services, rooms, liveRecordings, presence })
      await app.#route()
      return app
    } catch (error) {
      await Promise.all([workers.close(), services.close()])
      throw error
    }
  }

  private constructor(
    options: AppOptions,
    parts: {
      workers: WorkerPool
      http: FastifyInstance
      services: Lazy<Services>
      rooms: Rooms
      liveRecordings: LiveRecordings
      presence: Presence
    },
  ) {
    const { workers, http, services, rooms, liveRecordings, presence } = parts
    this.#options = options
    this.#services = services
    this.#presence = presence
    this.workers = workers
    this.http = http
    this.rooms = rooms
    this.liveRecordings = liveRecordings
    this.#handlers = {
      ...roomHandlers,
      ...mediaHandlers,
      ...moderationHandlers,
      ...recordingHandlers(liveRecordings),
    }
  }

  /**
   * What lies over the database, which is opened when it is first needed: whoever only tries Sluice out needs none of it, and
   * the embedded database takes several hundred MB of memory.
   */
  services(): Promise<Services> {
    return this.#services.get()
  }

  /** What people reach this server by. */
  get url(): string {
    return this.#presence.url
  }

  /** Registering with it makes somebody the first admin. */
  get setUpCode(): Secret {
    return this.#presence.setUpCode
  }

  /** Whether nobody can administer this server yet. Where there is no database, it makes none. */
  async setUpNeeded(): Promise<boolean> {
    if (this.#hasAdmin) return false
    const { database, dataDir } = this.#options.config
    const isThere = this.#services.wanted || database.url !== '' || existsSync(join(dataDir, 'db'))
    // The last admin stays one.
    this.#hasAdmin = isThere && (await (await this.services()).accounts.users.hasAdmin())
    return !this.#hasAdmin
  }

  /** The keys that room tokens are signed with. */
  async apiKeys(): Promise<ApiKeys> {
    return (await this.services()).apiKeys
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
    const { port } = this.http.server.address() as AddressInfo
    this.#presence.url = urlOf(config.http, { port, lanAddress: this.#options.lanAddress })
    return port
  }

  /**
   * Ends recordings, while there is still something to finish them from, then rooms, sessions, the web server and the workers,
   * in this order. Resolves when nothing is left.
   */
  close(reason: CloseReason = 'server-closing'): Promise<void> {
    this.#closed ??= this.#close(reason)
    return this.#closed
  }

  async #close(reason: CloseReason): Promise<void> {
    this.rooms.closing()
    await this.liveRecordings.stopAll()
    this.rooms.close(reason)
    for (const session of this.#sessions) session.close(reason)
    await this.http.close()
    await this.workers.close()
    await this.liveRecordings.close()
    await this.#services.close()
  }

  /** A database that nobody has needed yet is no reason to be called not ready. */
  async #databaseAnswers(): Promise<boolean> {
    if (!this.#services.wanted) return true
    return this.services().then(
      ({ db }) => db.healthy(),
      () => false,
    )
  }

  async #route(): Promise<void> {
    const { config } = this.#options
    const page = await serveWebApp(this.http)
    await this.http.register(healthRoutes, {
      version,
      workers: () => this.workerStatus(),
      closing: () => this.#closed !== undefined,
      databaseAnswers: () => this.#databaseAnswers(),
    })
    if (keepsMails(config)) {
      const isLocal = (request: FastifyRequest) => isLocalVisitor(request, config)
      await this.http.register(keptMailsRoutes, { dataDir: config.dataDir, isLocal })
    }
    await serveRest(this.http, {
      config,
      version,
      services: () => this.services(),
      setUpNeeded: () => this.setUpNeeded(),
      rooms: this.rooms,
      liveRecordings: this.liveRecordings,
    })
    await this.http.register(signalingRoutes, {
      config,
      page,
      open: (socket, admission) => this.#openSession(socket, admission),
    })
  }

  #openSession(socket: WebSocket, admission: Admission): void {
    const { config, log } = this.#options
    const { roomId, address, extended } = admission
    const session = new Session({
      socket,
      extended,
      config,
      handlers: this.#handlers,
      log: log.child({ roomId, address }),
      onClosed: (closed) => this.#sessions.delete(closed),
      enter: (channel, gone) => this.#enter(admission, channel, gone),
    })
    this.#sessions.add(session)
    session.notify('mediasoupVersion', { version: mediasoupVersion })
    if (this.#closed) session.close('server-closing')
  }

  async #enter(
    admission: Admission,
    channel: PeerChannel,
    gone: AbortSignal,
  ): Promise<{ room: Room; peer: Peer }> {
    const { config } = this.#options
    const roomId = admission.roomId as RoomId
    // The database is asked about it, and cannot keep every text.
    checkTexts(roomId, { what: 'The address', root: 'query.roomId' })
    const identity = await this.#identify(admission)
    // The same client keeps its secret: an answer of ours that got lost must not lock it out.
    const { peerSecret: proof } = admission
    const secret = new Secret(isSecret(proof) ? proof : undefined)
    const displayName = checkName(identity.name ?? admission.displayName ?? 'Guest', config)
    const { room, peer } = await this.rooms.enter(
      roomId,
      { identity, secret, proof, channel, displayName },
      gone,
    )
    const { opusFec, opusDtx } = config.media
    channel.notify('room.welcome', {
      peerId: peer.id,
      peerSecret: secret.reveal(),
      roomId,
      grants: peer.grants,
      serverVersion: version,
      codecOptions: { opusFec, opusDtx },
      pingSeconds: config.rooms.pingSeconds,
    })
    return { room, peer }
  }

  /** Who somebody is: what their token says, or a guest where guests may enter. */
  async #identify({ roomId, peerId, accessToken, address: ip }: Admission): Promise<Identity> {
    const address = subscriberOf(ip)
    if (accessToken !== undefined) {
      const keys = await this.apiKeys()
      const token = await keys.verifyToken(accessToken, { room: roomId, now: new Date() })
      const { identity, name, metadata, grants, keyId } = token
      const meetingId = meetingOf(roomId)
      if (meetingId !== undefined) {
        const { meetings } = (await this.services()).meetings
        const accountId = accountOf({ id: identity as PeerId, metadata })
        await meetings.assertMayEnter(meetingId, { isHost: grants.moderate, accountId, now: new Date() })
      }
      const fleeting = isServerKey(keyId) && isGuestIdentity(identity)
      return { id: identity as PeerId, proven: true, fleeting, name, metadata, grants, address }
    }
    if (!admitsGuests(this.#options.config)) {
      throw new AppError('unauthorized', 'This server lets nobody in without a room token.')
    }
    const id = (peerId ?? randomId()) as PeerId
    return {
      id,
      proven: false,
      fleeting: true,
      name: undefined,
      metadata: undefined,
      grants: guestGrants,
      address,
    }
  }
}
