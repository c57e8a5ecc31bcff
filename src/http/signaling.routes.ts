import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import type { WebSocket } from 'ws'
import type { Config } from '../../config/schema.ts'
import { AppError, limitExceeded } from '../lib/app-error.ts'
import { Addresses } from './addresses.ts'
import { mayConnect } from './origins.ts'

/** Who wants to be in which room, as the upgrade request says it. */
export interface Admission {
  readonly roomId: string
  /** Chosen by the client; always there in the demo dialect. */
  readonly peerId: string | undefined
  /** Proof of having been that peer before. */
  readonly peerSecret: string | undefined
  /** How moderators see a guest who waits to be let in. */
  readonly displayName: string | undefined
  /** A room token; not checked yet. */
  readonly accessToken: string | undefined
  /** Whether it came to `/ws` and so speaks our additions. */
  readonly extended: boolean
  readonly address: string
}

export interface SignalingOptions {
  readonly config: Pick<Config, 'mode' | 'http' | 'limits'>
  readonly open: (socket: WebSocket, admission: Admission) => void
  /** What a plain GET of `/` answers: the web app. */
  readonly page: (request: FastifyRequest, reply: FastifyReply) => unknown
}

const id = Type.String({ minLength: 1, maxLength: 1024 })
const Query = Type.Object({
  roomId: id,
  peerId: Type.Optional(id),
  peerSecret: Type.Optional(Type.String({ maxLength: 256 })),
  displayName: Type.Optional(Type.String({ maxLength: 1024 })),
  access_token: Type.Optional(Type.String({ maxLength: 8192 })),
})

const DemoQuery = Type.Object({ ...Query.properties, peerId: id })

/** The doors for WebSockets: `/ws` for clients that speak all of the protocol, `/` for those of mediasoup-demo. */
export const signalingRoutes: FastifyPluginCallbackTypebox<SignalingOptions> = (app, options, done) => {
  const { config, open } = options
  const { limits } = config
  const addresses = new Addresses(limits)

  function admit(request: FastifyRequest): void {
    const { origin, host } = request.headers
    if (!mayConnect({ origin, host }, config)) {
      throw new AppError('forbidden', 'Pages of this origin may not connect here.')
    }
    const offered = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? []
    if (!offered.includes('protoo'))
      throw new AppError('forbidden', 'The WebSocket subprotocol must be protoo.')
    addresses.check(request.ip, performance.now())
    const { roomId, peerId } = request.query as Static<typeof Query>
    if (roomId.length > limits.nameLength || (peerId?.length ?? 0) > limits.nameLength) {
      throw limitExceeded('nameLength', limits.nameLength)
    }
  }

  function accept(socket: WebSocket, request: FastifyRequest, extended: boolean): void {
    const { ip } = request
    socket.once('close', addresses.opened(ip, performance.now()))
    const { access_token: accessToken, ...query } = request.query as Static<typeof Query>
    const { roomId, peerId, peerSecret, displayName } = query
    open(socket, { roomId, peerId, peerSecret, displayName, accessToken, extended, address: ip })
  }

  app.route({
    method: 'GET',
    url: '/ws',
    schema: { querystring: Query },
    preHandler: (request, _reply, next) => {
      if (request.ws) admit(request)
      next()
    },
    handler: () => {
      throw new AppError('bad-request', 'This address is for WebSockets.')
    },
    wsHandler: (socket, request) => accept(socket, request, true),
  })

  app.route({
    method: 'GET',
    url: '/',
    // Only an upgrade needs the query; the same address is the home page.
    preValidation: (request, _reply, next) => {
      if (request.ws && !Value.Check(DemoQuery, request.query)) {
        throw new AppError('bad-request', 'The query needs roomId and peerId.')
      }
      next()
    },
    preHandler: (request, _reply, next) => {
      if (request.ws) admit(request)
      next()
    },
    handler: (request, reply) => options.page(request, reply),
    wsHandler: (socket, request) => accept(socket, request, false),
  })
  done()
}
