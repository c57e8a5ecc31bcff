import type { FastifyRequest } from 'fastify'
import { AppError } from '../lib/app-error.ts'
import type { AccountCaller, Caller } from '../protocol/caller.ts'
import { issuerOf } from './access-token.ts'
import type { AccountServices } from './account-services.ts'
import type { ApiKeys } from './api-keys.ts'
import { accessCookie } from './cookies.ts'

export interface IdentifySources {
  readonly apiKeys: () => Promise<ApiKeys>
  readonly accounts: () => Promise<AccountServices>
}

/** Who sends a REST request. Throws `unauthorized` for credentials that are wrong, and asks no database where there are none. */
export async function identify(request: FastifyRequest, sources: IdentifySources): Promise<Caller> {
  const { authorization } = request.headers
  if (authorization === undefined) return identifyByCookie(request, sources)
  const [, scheme = '', credentials = ''] = /^(\S+) +(\S+)$/.exec(authorization) ?? []
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return { ...(await identifyByToken(credentials, sources)), byCookie: false }
    case 'basic': {
      const [id, secret] = basicOf(credentials)
      const apiKeys = await sources.apiKeys()
      return { kind: 'api-key', keyId: await apiKeys.authenticate({ id, secret, now: new Date() }) }
    }
    default:
      throw new AppError('unauthorized', 'Authorization is "Bearer <access token>" or "Basic <id:secret>".', {
        why: 'malformed',
      })
  }
}

/**
 * A browser sends a cookie whether or not it is still worth something, and the page cannot take it away: a bad one is none, so
 * that logging in again is possible.
 */
async function identifyByCookie(request: FastifyRequest, sources: IdentifySources): Promise<Caller> {
  const token = request.cookies[accessCookie]
  if (!token) return { kind: 'nobody' }
  try {
    return { ...(await identifyByToken(token, sources)), byCookie: true }
  } catch (error) {
    if (error instanceof AppError && error.code === 'unauthorized') return { kind: 'nobody' }
    throw error
  }
}

async function identifyByToken(
  token: string,
  { accounts }: IdentifySources,
): Promise<Omit<AccountCaller, 'byCookie'>> {
  // What is no token at all need not open a database.
  issuerOf(token)
  return (await accounts()).identify(token, new Date())
}

function basicOf(credentials: string): [string, string] {
  const text = Buffer.from(credentials, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0 || text.includes('\0')) {
    throw new AppError('unauthorized', 'Basic credentials are id:secret in base64.', { why: 'malformed' })
  }
  return [text.slice(0, colon), text.slice(colon + 1)]
}
