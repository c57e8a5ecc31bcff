import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpConfig } from '../../config/schema.ts'
import type { SessionTokens } from './sessions.ts'

/** A browser's session is in cookies that its pages cannot read. */

export const accessCookie = 'sluice_access'
export const refreshCookie = 'sluice_refresh'

/** The refresh token is sent nowhere else. */
const refreshPath = '/api/v1/auth'

export function setSessionCookies(
  reply: FastifyReply,
  { accessToken, refreshToken, accessExpiresAt, refreshExpiresAt }: SessionTokens,
  http: HttpConfig,
): void {
  const secure = isSecure(reply.request, http)
  const all = { httpOnly: true, secure } as const
  // Lax: whoever follows a link to a meeting is still logged in. Writing takes an Origin of ours besides.
  reply.setCookie(accessCookie, accessToken, {
    ...all,
    path: '/',
    sameSite: 'lax',
    expires: accessExpiresAt,
  })
  reply.setCookie(refreshCookie, refreshToken, {
    ...all,
    path: refreshPath,
    sameSite: 'strict',
    expires: refreshExpiresAt,
  })
}

export function clearSessionCookies(reply: FastifyReply): void {
  reply.clearCookie(accessCookie, { path: '/' })
  reply.clearCookie(refreshCookie, { path: refreshPath })
}

/** Whether cookies are for encrypted connections only. */
export function isSecure(request: FastifyRequest, { publicUrl }: HttpConfig): boolean {
  return request.protocol === 'https' || publicUrl.startsWith('https:')
}
