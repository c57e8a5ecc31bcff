import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import type { Config } from '../../config/schema.ts'
import type { Audit } from '../audit/audit.ts'
import type { Api, EndpointLimit } from '../http/api.ts'
import { AppError } from '../lib/app-error.ts'
import type { Caller } from '../protocol/caller.ts'
import { Email, Input, Moment } from '../protocol/rest.ts'
import { AccountName, AccountShape, Code, LinkToken, NewPassword, Password } from './account.shapes.ts'
import type { AccountServices } from './account-services.ts'
import { normalEmail, shownAccount } from './accounts.ts'
import type { AccountRow } from './accounts.store.ts'
import { clearSessionCookies, refreshCookie, setSessionCookies } from './cookies.ts'
import type { Client, SessionTokens } from './sessions.ts'

export interface AuthenticationParts {
  readonly config: Config
  readonly accounts: () => Promise<AccountServices>
  readonly audit: () => Promise<Audit>
  /** Whether a request that carries cookies is from a page of ours. */
  readonly isOwnPage: (request: FastifyRequest) => boolean
}

const SessionShape = Type.Object(
  {
    account: AccountShape,
    accessToken: Type.Optional(
      Type.String({ description: 'Left out when it is in a cookie.', examples: ['eyJhbGciOiJFUzI1NiJ9…'] }),
    ),
    refreshToken: Type.Optional(
      Type.String({
        description: 'Left out when it is in a cookie. Each is good for one `refreshSession`.',
        examples: ['m0vQ8sKx1LmT0aBq9Rf5Wd7Zc2Nh6Ju4Gk0Pe8Ys1A'],
      }),
    ),
    accessExpiresAt: Moment('When the access token expires; refresh before.'),
    refreshExpiresAt: Moment('When the session ends, if it is not refreshed before.'),
  },
  { title: 'Session', description: 'What somebody who logged in holds.' },
)

const tag = 'Authentication'
const nothing = Type.Object({}, { description: 'Always the same.' })
const byEmail = (body: { email: string }): string => normalEmail(body.email)
/** Nobody wants more mails than that. */
const mailsPerAddress: EndpointLimit = { max: 3, seconds: 900, by: byEmail }

/** Registering, logging in and out. */
export function authenticationRoutes(api: Api, parts: AuthenticationParts): void {
  const { config, accounts } = parts
  const { limits } = config
  const mails: readonly EndpointLimit[] = [
    mailsPerAddress,
    { max: limits.mailsPerHourPerAddress, seconds: 3600, by: 'address' },
  ]
  const logIns: readonly EndpointLimit[] = [
    { max: limits.loginsPerMinute, seconds: 60, by: byEmail },
    { max: limits.loginsPerMinutePerAddress, seconds: 60, by: 'address' },
  ]
  const tries: readonly EndpointLimit[] = [
    { max: limits.loginsPerMinutePerAddress, seconds: 60, by: 'address' },
  ]

  api.add(
    'POST',
    '/auth/register',
    'anyone',
    {
      id: 'register',
      tag,
      about:
        'Registers an account. The answer is always the same: what follows, and whether the address has an account already, is in a mail.',
      body: Input({
        email: Email,
        password: NewPassword,
        name: AccountName,
        consent: Type.Literal(true, { description: 'They agreed to the terms shown on the page.' }),
        setUpCode: Type.Optional(
          Type.String({
            maxLength: 32,
            description:
              'Printed at the start while there is no admin: makes this account one, which is usable at once.',
            examples: ['7KQM-X2RD'],
          }),
        ),
      }),
      answer: nothing,
      status: 202,
      limits: mails,
      errors: ['forbidden', 'not-supported', 'conflict', 'limit-exceeded'],
    },
    async ({ body, address, now }) => {
      const { registration } = await accounts()
      await registration.register({ ...body, address, now })
      return {}
    },
  )

  api.add(
    'POST',
    '/auth/verify',
    'anyone',
    {
      id: 'verifyEmail',
      tag,
      about: 'Confirms an e-mail address, by the link in a mail. Also completes a change of address.',
      body: Input({ token: LinkToken }),
      answer: Type.Object({ email: Email }),
      limits: tries,
      errors: ['not-found', 'conflict'],
    },
    async ({ body, address, now }) => {
      const { registration } = await accounts()
      return { email: await registration.verify({ token: body.token, address, now }) }
    },
  )

  api.add(
    'POST',
    '/auth/verify/resend',
    'anyone',
    {
      id: 'resendVerification',
      tag,
      about: 'Sends the mail of registering again, if it is due. The answer is always the same.',
      body: Input({ email: Email }),
      answer: nothing,
      status: 202,
      limits: mails,
      errors: ['not-supported'],
    },
    async ({ body, now }) => {
      const { registration } = await accounts()
      await registration.resend({ email: body.email, now })
      return {}
    },
  )

  api.add(
    'POST',
    '/auth/login',
    'anyone',
    {
      id: 'logIn',
      tag,
      about:
        'Logs in with e-mail address and password. `data.why` of `unauthorized` is wrong-credentials, not-verified, disabled or wrong-code; all but the first only with the right password.',
      body: Input({
        email: Email,
        password: Password,
        code: Type.Optional(Code),
        session: Type.Optional(
          Type.Union([Type.Literal('bearer'), Type.Literal('cookie')], {
            description:
              'bearer (default): both tokens are in the answer. cookie: they are in cookies that pages cannot read, for browsers.',
            examples: ['bearer'],
          }),
        ),
      }),
      answer: SessionShape,
      limits: logIns,
      errors: ['unauthorized', 'second-factor-needed', 'forbidden', 'not-supported'],
    },
    async ({ body, request, reply, now }) => {
      const { session = 'bearer', ...credentials } = body
      if (session === 'cookie') assertOwnPage(request)
      const { logIn } = await accounts()
      return given(reply, session, await logIn.logIn(credentials, clientOf(request), now))
    },
  )

  api.add(
    'POST',
    '/auth/refresh',
    'anyone',
    {
      id: 'refreshSession',
      tag,
      about:
        'New tokens for a refresh token, of the body or the cookie. Each is good for once; one that comes again later has been copied, and ends its session.',
      body: Input({
        refreshToken: Type.Optional(
          Type.String({
            minLength: 1,
            maxLength: 128,
            description: 'Left out: the one in the cookie.',
            examples: ['m0vQ8sKx1LmT0aBq9Rf5Wd7Zc2Nh6Ju4Gk0Pe8Ys1A'],
          }),
        ),
      }),
      answer: SessionShape,
      errors: ['unauthorized', 'forbidden'],
    },
    async ({ body, request, reply, now }) => {
      const inBody = body.refreshToken
      const token = inBody ?? request.cookies[refreshCookie]
      if (!token) throw new AppError('unauthorized', 'Log in first.', { why: 'no-credentials' })
      if (inBody === undefined) assertOwnPage(request)
      const { sessions } = await accounts()
      try {
        const renewed = await sessions.refresh(token, clientOf(request), now)
        return given(reply, inBody === undefined ? 'cookie' : 'bearer', renewed)
      } catch (error) {
        const isOver = error instanceof AppError && error.code === 'unauthorized'
        if (isOver && inBody === undefined) clearSessionCookies(reply)
        throw error
      }
    },
  )

  api.add(
    'POST',
    '/auth/logout',
    'anyone',
    {
      id: 'logOut',
      tag,
      about: 'Ends this session and takes its cookies away. Without a session nothing happens.',
      errors: ['unauthorized', 'forbidden'],
    },
    async ({ caller, request, reply, address, now }) => {
      const { sessions } = await accounts()
      const found = caller.kind === 'account' ? caller : await ofRefreshCookie(caller, request)
      clearSessionCookies(reply)
      if (found?.sessionId === undefined || !(await sessions.end(found.sessionId, found.accountId))) return
      await recordLogOut(found.accountId, { everywhere: false, address, now })
    },
  )

  api.add(
    'POST',
    '/auth/logout-everywhere',
    'account',
    { id: 'logOutEverywhere', tag, about: 'Ends all sessions of the own account, this one too.' },
    async ({ caller, reply, address, now }) => {
      const { sessions } = await accounts()
      await sessions.endAll(caller.accountId)
      clearSessionCookies(reply)
      await recordLogOut(caller.accountId, { everywhere: true, address, now })
    },
  )

  api.add(
    'POST',
    '/auth/forgot',
    'anyone',
    {
      id: 'forgotPassword',
      tag,
      about:
        'Sends a link to set a new password, if there is such an account. The answer is always the same.',
      body: Input({ email: Email }),
      answer: nothing,
      status: 202,
      limits: mails,
      errors: ['not-supported'],
    },
    async ({ body, now }) => {
      const { passwordChange } = await accounts()
      await passwordChange.forgot({ email: body.email, now })
      return {}
    },
  )

  api.add(
    'POST',
    '/auth/reset',
    'anyone',
    {
      id: 'resetPassword',
      tag,
      about: 'Sets a password by the link in a mail, and ends all sessions.',
      body: Input({ token: LinkToken, password: NewPassword }),
      limits: tries,
      errors: ['not-found'],
    },
    async ({ body, address, now }) => {
      const { passwordChange } = await accounts()
      await passwordChange.reset({ ...body, address, now })
    },
  )

  /** The answer to a log-in, and the cookies where they were asked for. */
  function given(
    reply: FastifyReply,
    session: 'bearer' | 'cookie',
    { account, tokens }: { account: AccountRow; tokens: SessionTokens },
  ): Static<typeof SessionShape> {
    const { accessToken, refreshToken, accessExpiresAt, refreshExpiresAt } = tokens
    if (session === 'cookie') setSessionCookies(reply, tokens, config.http)
    return {
      account: shownAccount(account),
      ...(session === 'bearer' ? { accessToken, refreshToken } : {}),
      accessExpiresAt: accessExpiresAt.toISOString(),
      refreshExpiresAt: refreshExpiresAt.toISOString(),
    }
  }

  /** Cookies that are given or taken without an access cookie, which the API looks at itself. */
  function assertOwnPage(request: FastifyRequest): void {
    if (parts.isOwnPage(request)) return
    throw new AppError('forbidden', 'Cookies are for pages of this server; use session "bearer".', {
      why: 'cross-site',
    })
  }

  /** Whose session a browser ends whose access cookie is over. */
  async function ofRefreshCookie(
    caller: Caller,
    request: FastifyRequest,
  ): Promise<{ sessionId: string; accountId: string } | undefined> {
    const token = request.cookies[refreshCookie]
    if (caller.kind !== 'nobody' || !token) return undefined
    assertOwnPage(request)
    const { sessions } = await accounts()
    return sessions.findByRefreshToken(token)
  }

  async function recordLogOut(
    id: string,
    { everywhere, address, now }: { everywhere: boolean; address: string; now: Date },
  ): Promise<void> {
    const audit = await parts.audit()
    await audit.record({
      actor: { kind: 'account', id, address },
      action: 'account.logged-out',
      target: { kind: 'account', id },
      data: { everywhere },
      now,
    })
  }
}

export function clientOf(request: FastifyRequest): Client {
  return { address: request.ip, userAgent: request.headers['user-agent'] ?? '' }
}
