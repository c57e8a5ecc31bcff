import type { FastifyRequest } from 'fastify'
import { AppError } from '../lib/app-error.ts'
import type { Caller } from '../protocol/caller.ts'
import type { ApiKeys } from './api-keys.ts'

/** Who sends a REST request. Throws `unauthorized` for credentials that are wrong, and asks no database where there are none. */
export async function identify(
  request: FastifyRequest,
  { apiKeys }: { apiKeys: () => Promise<ApiKeys> },
): Promise<Caller> {
  const { authorization } = request.headers
  if (authorization === undefined) return { kind: 'nobody' }
  const [, scheme = '', credentials = ''] = /^(\S+) +(\S+)$/.exec(authorization) ?? []
  switch (scheme.toLowerCase()) {
    case 'basic': {
      const [id, secret] = basicOf(credentials)
      return { kind: 'api-key', keyId: await (await apiKeys()).authenticate({ id, secret, now: new Date() }) }
    }
    default:
      throw new AppError('unauthorized', 'Authorization is "Bearer <access token>" or "Basic <id:secret>".', {
        why: 'malformed',
      })
  }
}

function basicOf(credentials: string): [string, string] {
  const text = Buffer.from(credentials, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0 || text.includes('\0')) {
    throw new AppError('unauthorized', 'Basic credentials are id:secret in base64.', { why: 'malformed' })
  }
  return [text.slice(0, colon), text.slice(colon + 1)]
}
