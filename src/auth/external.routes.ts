import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import type { Config } from '../../config/schema.ts'
import type { Api } from '../http/api.ts'
import { AppError } from '../lib/app-error.ts'
import { Secret } from '../lib/ids.ts'
import { Input } from '../protocol/rest.ts'
import type { AccountServices } from './account-services.ts'
import { clientOf } from './authentication.routes.ts'
import { isSecure, setSessionCookies } from './cookies.ts'
import { journeyMs, type ExternalLogIn } from './external-log-in.ts'

const cookie = 'sluice_login'
const cookiePath = '/api/v1/auth/external'

/** Logging in through the external issuer, for browsers. */
export function externalRoutes(
  api: Api,
  { config, accounts }: { config: Config; accounts: () => Promise<AccountServices> },
): void {
  const tag = 'Authentication'
  const external = async (): Promise<ExternalLogIn> => {
    const { externalLogIn } = await accounts()
    if (externalLogIn) return externalLogIn
    throw new AppError('not-supported', 'This server has no external issuer (accounts.issuer).')
  }
  const options = (reply: FastifyReply) =>
    ({
      path: cookiePath,
      httpOnly: true,
      // Lax: they come back by a link of the issuer.
      sameSite: 'lax',
      secure: isSecure(reply.request, config.http),
    }) as const

  api.add(
    'GET',
    '/auth/external/start',
    'anyone',
    {
      id: 'startExternalLogIn',
      tag,
      about: 'Sends a browser to the external issuer to log in there.',
      query: Input({
        returnTo: Type.Optional(
          Type.String({
            maxLength: 512,
            description:
              'Path of the page to show afterwards; anything but a path of this server is ignored.',
            examples: ['/meetings'],
          }),
        ),
      }),
      answer: Type.Null(),
      status: 302,
      errors: ['not-supported'],
    },
    async ({ query, reply, now }) => {
      const { url, departure } = await (await external()).depart(pathOf(query.returnTo), now)
      reply.setCookie(cookie, departure.reveal(), { ...options(reply), maxAge: journeyMs / 1000 })
      void reply.redirect(url)
    },
  )

  api.add(
    'GET',
    '/auth/external/callback',
    'anyone',
    {
      id: 'finishExternalLogIn',
      tag,
      about:
        'Where the issuer sends a browser back to. Leads to the page asked for, logged in, or to `/login?externalError=…`.',
      answer: Type.Null(),
      status: 302,
      errors: ['not-supported'],
    },
    async ({ request, reply, now }) => {
      const logIn = await external()
      const departure = request.cookies[cookie]
      reply.clearCookie(cookie, { path: cookiePath })
      try {
        const query = request.url.slice(request.url.indexOf('?') + 1)
        const arrived = await logIn.arrive(
          { query, departure: departure === undefined ? undefined : new Secret(departure) },
          clientOf(request),
          now,
        )
        setSessionCookies(reply, arrived.tokens, config.http)
        void reply.redirect(arrived.returnTo)
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        // Whoever sees this is a person in a browser.
        const why = error.data?.['why'] ?? error.code
        void reply.redirect(`/login?externalError=${encodeURIComponent(String(why))}`)
      }
    },
  )
}

/** A path of this server; anything that a browser might take for another one is the start page. */
export function pathOf(returnTo: string | undefined): string {
  const here = 'http://here.invalid'
  if (returnTo === undefined || !returnTo.startsWith('/') || !URL.canParse(returnTo, here)) return '/'
  const { origin, pathname, search, hash } = new URL(returnTo, here)
  const path = pathname + search + hash
  return origin === here && !path.startsWith('//') ? path : '/'
}
