import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../config/schema.ts'
import { auditRoutes } from './audit/audit.routes.ts'
import { apiKeyRoutes } from './auth/api-keys.routes.ts'
import { identify } from './auth/identify.ts'
import { endpointsOf, serveApi, type Api, type Endpoint } from './http/api.ts'
import { serveApiDocs } from './http/api-docs.ts'
import { renderOpenApi } from './http/openapi.ts'
import { serverRoutes } from './http/server.routes.ts'
import type { Rooms } from './rooms/rooms.ts'
import type { Services } from './services.ts'

export interface RestParts {
  readonly config: Config
  readonly version: string
  /** Opens the database if that has not been done. */
  readonly services: () => Promise<Services>
  readonly rooms: Rooms
}

/** Every endpoint of the REST API, with the parts behind it, and the page that documents them. */
export async function serveRest(app: FastifyInstance, parts: RestParts): Promise<void> {
  const { config, version } = parts
  await serveApi(app, {
    config,
    identify: (request: FastifyRequest) =>
      identify(request, { apiKeys: async () => (await parts.services()).apiKeys }),
    register: (api) => declareEndpoints(api, parts),
  })
  await serveApiDocs(app, renderOpenApi(restEndpoints(config), { version, serverUrl: config.http.publicUrl }))
}

/** Every endpoint as it is declared, without the parts behind it: for documents. */
export function restEndpoints(config: Config): readonly Endpoint[] {
  const services = () => Promise.reject(new Error('a document calls nobody'))
  // No handler is called, so that nobody asks for the rooms.
  const parts = { config, version: '', services, rooms: undefined as never }
  return endpointsOf((api) => declareEndpoints(api, parts))
}

function declareEndpoints(api: Api, { config, version, services }: RestParts): void {
  serverRoutes(api, { config, version })
  apiKeyRoutes(api, {
    apiKeys: async () => (await services()).apiKeys,
    audit: async () => (await services()).audit,
  })
  auditRoutes(api, { audit: async () => (await services()).audit })
}
