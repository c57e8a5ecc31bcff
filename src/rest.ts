import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../config/schema.ts'
import { auditRoutes } from './audit/audit.routes.ts'
import { accountRoutes } from './auth/account.routes.ts'
import { apiKeyRoutes } from './auth/api-keys.routes.ts'
import { authenticationRoutes } from './auth/authentication.routes.ts'
import { externalRoutes } from './auth/external.routes.ts'
import { identify } from './auth/identify.ts'
import { jwksRoutes } from './auth/jwks.routes.ts'
import { usersRoutes } from './auth/users.routes.ts'
import { endpointsOf, serveApi, type Api, type Endpoint } from './http/api.ts'
import { subscriberOf } from './http/addresses.ts'
import { serveApiDocs } from './http/api-docs.ts'
import { isOwnPage } from './http/origins.ts'
import { renderOpenApi } from './http/openapi.ts'
import { serverRoutes } from './http/server.routes.ts'
import { calendarRoutes } from './meetings/calendar.routes.ts'
import { callRoutes } from './meetings/calls.routes.ts'
import { meetingRoutes } from './meetings/meetings.routes.ts'
import type { LiveRecordings } from './recordings/live-recordings.ts'
import { recordingFileRoutes } from './recordings/files.routes.ts'
import { recordingRoutes } from './recordings/recordings.routes.ts'
import { recordingShareRoutes } from './recordings/shares.routes.ts'
import { roomRoutes } from './rooms/rooms.routes.ts'
import type { Rooms } from './rooms/rooms.ts'
import type { Services } from './services.ts'

export interface RestParts {
  readonly config: Config
  readonly version: string
  /** Opens the database if that has not been done. */
  readonly services: () => Promise<Services>
  readonly rooms: Rooms
  readonly liveRecordings: LiveRecordings
  /** Whether there is no admin yet. */
  readonly setUpNeeded: () => Promise<boolean>
}

/** Every endpoint of the REST API, with the parts behind it, and the page that documents them. */
export async function serveRest(app: FastifyInstance, parts: RestParts): Promise<void> {
  const { config, version } = parts
  const accounts = async () => (await parts.services()).accounts
  const apiKeys = async () => (await parts.services()).apiKeys
  await serveApi(app, {
    config,
    identify: (request: FastifyRequest) => identify(request, { apiKeys, accounts }),
    register: (api) => declareEndpoints(api, parts),
  })
  await app.register(jwksRoutes, { accounts })
  await serveApiDocs(app, renderOpenApi(restEndpoints(config), { version, serverUrl: config.http.publicUrl }))
}

/** Every endpoint as it is declared, without the parts behind it: for documents. */
export function restEndpoints(config: Config): readonly Endpoint[] {
  const services = () => Promise.reject(new Error('a document calls nobody'))
  // No handler is called, so that nobody asks for what is live.
  const [rooms, liveRecordings] = [undefined as never, undefined as never]
  const parts = { config, version: '', services, rooms, liveRecordings, setUpNeeded: services }
  return endpointsOf((api) => declareEndpoints(api, parts))
}

function declareEndpoints(api: Api, parts: RestParts): void {
  const { config, version, services, setUpNeeded, rooms, liveRecordings } = parts
  const accounts = async () => (await services()).accounts
  const audit = async () => (await services()).audit
  serverRoutes(api, { config, version, setUpNeeded })
  authenticationRoutes(api, {
    config,
    accounts,
    audit,
    isOwnPage: ({ headers: { origin, host } }) => isOwnPage({ origin, host }, config),
  })
  externalRoutes(api, { config, accounts })
  accountRoutes(api, { config, accounts, audit })
  usersRoutes(api, { accounts })
  apiKeyRoutes(api, {
    apiKeys: async () => (await services()).apiKeys,
    audit,
  })
  auditRoutes(api, { audit })
  roomRoutes(api, {
    rooms,
    audit,
    tokens: async () => (await services()).apiKeys,
    tokenMaxSeconds: config.auth.tokenMaxSeconds,
    codecs: config.media.codecs,
  })
  meetingRoutes(api, {
    meetings: async () => (await services()).meetings.meetings,
    joining: async () => (await services()).meetings.joining,
    subscriberOf,
  })
  callRoutes(api, { calls: async () => (await services()).meetings.calls })
  calendarRoutes(api, { feeds: async () => (await services()).meetings.feeds })
  const library = async () => (await services()).library
  recordingRoutes(api, {
    library,
    live: liveRecordings,
    meeting: async (id, caller) => (await services()).meetings.meetings.get(id, caller),
  })
  recordingFileRoutes(api, { library })
  recordingShareRoutes(api, { library })
}
