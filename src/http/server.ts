import { readFileSync } from 'node:fs'
import type { ServerOptions as TlsOptions } from 'node:https'
import { createSecureContext } from 'node:tls'
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import websocket from '@fastify/websocket'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import type { HttpConfig, LimitsConfig } from '../../config/schema.ts'
import { AppError } from '../lib/app-error.ts'
import { randomId } from '../lib/ids.ts'
import { pathOnly, type Log } from '../lib/log.ts'
import { sendProblem } from './problem.ts'

export interface HttpServerOptions {
  readonly http: HttpConfig
  readonly limits: LimitsConfig
  /** Where pages may play video and sound from, besides this server: the bucket of recordings. */
  readonly mediaOrigins?: readonly string[]
  readonly log: Log
}

/** Largest body of a REST request, in bytes. */
const bodyLimit = 256 * 1024
/**
 * A request must have arrived whole within this time, in milliseconds: otherwise bodies that never end hold sockets. Node
 * looks twice a minute, and takes the longer of this and its time for the headers, a minute too.
 */
const requestTimeoutMs = 60_000
/** Longest part of a path, in characters: a room address carries whatever limits.nameLength allows at most. */
const maxParamLength = 1024
/** Where WebSockets are opened; see signaling.routes.ts. */
const doors: readonly (string | undefined)[] = ['/', '/ws']

/** Fastify with everything that is the same for all routes. */
export async function createHttpServer({
  http,
  limits,
  mediaOrigins = [],
  log,
}: HttpServerOptions): Promise<FastifyInstance> {
  const app = Fastify({
    // Its own lines at info repeat what the start summary says; ours are written below.
    loggerInstance: log.child({}, { level: 'warn' }) as FastifyBaseLogger,
    // One line at info for each asset of each page says nothing; see the hook below.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomId(),
    trustProxy: http.trustProxy,
    bodyLimit,
    requestTimeout: requestTimeoutMs,
    routerOptions: { maxParamLength },
    frameworkErrors: sendProblem,
    // Long-lived WebSockets must not hold up a close: the sessions end them.
    forceCloseConnections: true,
    ...(http.tlsCert ? { https: readCertificate(http) } : {}),
  } as object).withTypeProvider<TypeBoxTypeProvider>()

  app.setErrorHandler(sendProblem)
  app.addHook('onResponse', (request, reply, done) => {
    const { method, url, id } = request
    const ms = Math.round(reply.elapsedTime)
    log.debug({ requestId: id, method, path: pathOnly(url), status: reply.statusCode, ms }, 'request')
    done()
  })

  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        connectSrc: ["'self'"],
        fontSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'self'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        mediaSrc: ["'self'", 'blob:', ...mediaOrigins],
        objectSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        workerSrc: ["'self'", 'blob:'],
      },
    },
    // It would bind every port of this host's name: a decision for whoever owns the name, in the proxy.
    strictTransportSecurity: false,
    crossOriginEmbedderPolicy: false,
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    void reply.header(
      'permissions-policy',
      'camera=(self), microphone=(self), display-capture=(self), geolocation=()',
    )
    done()
  })
  if (http.corsOrigins.length > 0) {
    await app.register(cors, {
      origin: http.corsOrigins.includes('*') ? true : [...http.corsOrigins],
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders: ['ETag', 'Retry-After', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'],
    })
  }
  await app.register(websocket, {
    options: {
      maxPayload: limits.messageBytes,
      // One message per turn: what the first one caused is done or under way before the second is looked at, so that an
      // answer to newConsumer and a request about that consumer cannot overtake each other.
      allowSynchronousEvents: false,
      // Signaling is small; compression costs memory per socket and CPU.
      perMessageDeflate: false,
      handleProtocols: (protocols: Set<string>) => (protocols.has('protoo') ? 'protoo' : false),
    },
    errorHandler: (error, socket, request) => {
      // A broken frame is the client's fault, and its session has logged it.
      const isFrame = 'code' in error && String(error.code).startsWith('WS_ERR_')
      if (!isFrame) request.log.error({ err: error }, 'WebSocket could not be opened')
      socket.terminate()
    },
  })
  // The plugin would open a socket on any address, and log that with its query.
  app.addHook('onRequest', (request, _reply, next) => {
    const { url } = request.routeOptions
    const isDoor = !request.ws || url === undefined || doors.includes(url)
    next(isDoor ? undefined : new AppError('bad-request', 'This address is not for WebSockets.'))
  })
  return app as unknown as FastifyInstance
}

/** Throws an error that names the setting: OpenSSL's own words say nothing to an operator. */
function readCertificate(http: HttpConfig): TlsOptions {
  const [cert, key] = (['tlsCert', 'tlsKey'] as const).map((setting) => {
    try {
      return readFileSync(http[setting])
    } catch (error) {
      throw new Error(`http.${setting} cannot be read: ${(error as Error).message}`, { cause: error })
    }
  })
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    throw new Error('http.tlsCert and http.tlsKey must be a PEM certificate and its own PEM key.', {
      cause: error,
    })
  }
  return { cert, key } as TlsOptions
}
