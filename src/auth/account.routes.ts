import { Type } from 'typebox'
import type { Config } from '../../config/schema.ts'
import type { Audit } from '../audit/audit.ts'
import type { AuditAction } from '../audit/actions.ts'
import type { Api, EndpointLimit } from '../http/api.ts'
import { AppError } from '../lib/app-error.ts'
import type { Actor } from '../protocol/caller.ts'
import { Email, Id, Input, Moment } from '../protocol/rest.ts'
import { AccountName, AccountShape, Code, NewPassword, Password, Settings } from './account.shapes.ts'
import type { AccountServices } from './account-services.ts'
import { clearSessionCookies } from './cookies.ts'
import { wrongCode } from './second-factors.ts'

export interface AccountParts {
  readonly config: Config
  readonly accounts: () => Promise<AccountServices>
  readonly audit: () => Promise<Audit>
}

const sessionId = Id('a session', 'Zp3vQ8sKx1LmT0aB')

const AccountSession = Type.Object(
  {
    id: sessionId,
    createdAt: Moment('When somebody logged in.'),
    lastSeenAt: Moment('To the minute.'),
    address: Type.String({ description: 'Where it was used from last.', examples: ['192.0.2.7'] }),
    userAgent: Type.String({ description: 'What the browser calls itself.', examples: ['Mozilla/5.0 …'] }),
    current: Type.Boolean({ description: 'Whether this request belongs to it.', examples: [true] }),
  },
  { title: 'AccountSession' },
)

const RecoveryCodes = Type.Object(
  {
    recoveryCodes: Type.Array(Type.String({ examples: ['k3xw9-pm4ht-zq7rd'] }), {
      description: 'Each is good for one log-in without the authenticator app. Shown this once.',
    }),
  },
  { title: 'RecoveryCodes' },
)

const OldPassword = Type.Optional(
  Type.String({
    maxLength: 256,
    description: 'The own password; left out by who has none here.',
    examples: ['correct horse battery staple'],
  }),
)

const tag = 'Account'

/** What people do with their own account. */
export function accountRoutes(api: Api, { config, accounts, audit }: AccountParts): void {
  /** Whoever finds a browser open must not find out the password. */
  const passwordTries: EndpointLimit = { max: config.limits.loginsPerMinute, seconds: 60, by: 'caller' }

  const record = async (action: AuditAction, by: { accountId: string; actor: Actor; now: Date }) => {
    const { accountId: id, actor, now } = by
    await (await audit()).record({ actor, action, target: { kind: 'account', id }, now })
  }

  api.add(
    'GET',
    '/account',
    'account',
    { id: 'getAccount', tag, about: 'The own account.', answer: AccountShape, versioned: true },
    async ({ caller }) => (await accounts()).profile.get(caller.accountId),
  )

  api.add(
    'PATCH',
    '/account',
    'account',
    {
      id: 'changeAccount',
      tag,
      about: 'Changes name or settings. Settings that are left out stay.',
      body: Input({ name: Type.Optional(AccountName), settings: Type.Optional(Settings) }),
      answer: AccountShape,
      versioned: true,
      errors: ['limit-exceeded'],
    },
    async ({ caller, body, version }) => {
      assertTimeZone(body.settings?.timeZone)
      return (await accounts()).profile.change(caller.accountId, body, version)
    },
  )

  api.add(
    'POST',
    '/account/password',
    'account',
    {
      id: 'changePassword',
      tag,
      about: 'Changes the password, and ends all other sessions. `forbidden` when the current one is wrong.',
      body: Input({ current: Password, next: NewPassword }),
      limits: [passwordTries],
      errors: ['not-supported', 'conflict'],
    },
    async ({ caller, body, address, now }) => {
      const { passwordChange } = await accounts()
      const { accountId, sessionId } = caller
      await passwordChange.change({ ...body, accountId, sessionId, address, now })
    },
  )

  api.add(
    'POST',
    '/account/email',
    'account',
    {
      id: 'changeEmail',
      tag,
      about: 'Sends a link to a new e-mail address; opening it (`verifyEmail`) completes the change.',
      body: Input({ email: Email, password: OldPassword }),
      answer: Type.Object({}, { description: 'Always the same.' }),
      status: 202,
      limits: [passwordTries, { max: 3, seconds: 900, by: 'caller' }],
      errors: ['not-supported'],
    },
    async ({ caller, body, now }) => {
      const { profile } = await accounts()
      await profile.changeEmail({ ...body, accountId: caller.accountId, now })
      return {}
    },
  )

  api.add(
    'GET',
    '/account/sessions',
    'account',
    {
      id: 'listSessions',
      tag,
      about: 'Where somebody is logged in to the own account, last used first.',
      answer: Type.Object({ items: Type.Array(AccountSession) }),
    },
    async ({ caller, now }) => {
      const { sessions } = await accounts()
      const rows = await sessions.list(caller.accountId, now)
      return {
        items: rows.map((row) => ({
          id: row.id,
          createdAt: row.created_at.toISOString(),
          lastSeenAt: row.last_seen_at.toISOString(),
          address: row.address,
          userAgent: row.user_agent,
          current: row.id === caller.sessionId,
        })),
      }
    },
  )

  api.add(
    'DELETE',
    '/account/sessions/:sessionId',
    'account',
    {
      id: 'endSession',
      tag,
      about: 'Ends one session. Its tokens are refused from now on.',
      params: Type.Object({ sessionId }),
      errors: ['not-found'],
    },
    async ({ caller, params, actor, now }) => {
      const { sessions } = await accounts()
      const { accountId } = caller
      if (!(await sessions.end(params.sessionId, accountId))) {
        throw new AppError('not-found', 'There is no such session.')
      }
      await record('account.session-revoked', { accountId, actor, now })
    },
  )

  api.add(
    'POST',
    '/account/second-factor',
    'account',
    {
      id: 'beginSecondFactor',
      tag,
      about: 'Begins to set up a second factor (TOTP). It counts after `confirmSecondFactor`.',
      answer: Type.Object(
        {
          secret: Type.String({ description: 'For typing in, base32.', examples: ['JBSWY3DPEHPK3PXP'] }),
          uri: Type.String({ examples: ['otpauth://totp/Sluice:ana%40example.org?secret=JBSWY3DPEHPK3PXP'] }),
          qrSvg: Type.String({ description: 'The same to scan, as an SVG.', examples: ['<svg …></svg>'] }),
        },
        { title: 'SecondFactorSetUp' },
      ),
      errors: ['conflict'],
    },
    async ({ caller }) => {
      const { secondFactors } = await accounts()
      return { ...(await secondFactors.begin({ id: caller.accountId, email: caller.email })) }
    },
  )

  api.add(
    'PUT',
    '/account/second-factor',
    'account',
    {
      id: 'confirmSecondFactor',
      tag,
      about: 'Completes setting up a second factor with a first code: from now on log-ins need one.',
      body: Input({ code: Code }),
      answer: RecoveryCodes,
      errors: ['conflict'],
    },
    async ({ caller, body, actor, now }) => {
      const { secondFactors } = await accounts()
      const { accountId } = caller
      const recoveryCodes = await secondFactors.confirm(accountId, body.code, now)
      await record('account.second-factor-enabled', { accountId, actor, now })
      return { recoveryCodes }
    },
  )

  api.add(
    'POST',
    '/account/second-factor/disable',
    'account',
    {
      id: 'disableSecondFactor',
      tag,
      about: 'Removes the second factor. Takes the password and a code (or recovery code).',
      body: Input({ password: OldPassword, code: Code }),
      limits: [passwordTries],
      errors: ['conflict'],
    },
    async ({ caller, body, actor, now }) => {
      const { secondFactors } = await accounts()
      const { accountId } = caller
      await assertPassword(accountId, body.password)
      if (!(await secondFactors.isInUse(accountId))) {
        throw new AppError('conflict', 'This account has no second factor.')
      }
      if (!(await secondFactors.accepts(accountId, body.code, now))) throw wrongCode('forbidden')
      if (await secondFactors.remove(accountId)) {
        await record('account.second-factor-disabled', { accountId, actor, now })
      }
    },
  )

  api.add(
    'POST',
    '/account/second-factor/recovery-codes',
    'account',
    {
      id: 'makeRecoveryCodes',
      tag,
      about: 'Makes new recovery codes; the older ones end.',
      body: Input({ password: OldPassword }),
      answer: RecoveryCodes,
      limits: [passwordTries],
      errors: ['conflict'],
    },
    async ({ caller, body, actor, now }) => {
      const { secondFactors } = await accounts()
      const { accountId } = caller
      await assertPassword(accountId, body.password)
      const recoveryCodes = await secondFactors.renewRecoveryCodes(accountId)
      await record('account.recovery-codes-made', { accountId, actor, now })
      return { recoveryCodes }
    },
  )

  api.add(
    'GET',
    '/account/export',
    'account',
    {
      id: 'exportAccount',
      tag,
      about: 'A copy of everything that is kept about the own account.',
      answer: Type.Object(
        {
          exportedAt: Moment('When the copy was made.'),
          account: AccountShape,
          sessions: Type.Array(Type.Unknown()),
          acts: Type.Array(Type.Unknown(), {
            description: 'What the audit log says that this account did.',
          }),
        },
        { additionalProperties: true, description: 'More parts come from other features.' },
      ),
    },
    async ({ caller, actor, reply, now }) => {
      reply.header('content-disposition', 'attachment; filename="sluice-account.json"')
      const { profile } = await accounts()
      return (await profile.export(caller.accountId, actor, now)) as never
    },
  )

  api.add(
    'POST',
    '/account/delete',
    'account',
    {
      id: 'deleteAccount',
      tag,
      about: 'Deletes the own account and all that is personal. There is no way back.',
      body: Input({ password: OldPassword }),
      limits: [passwordTries],
      errors: ['conflict'],
    },
    async ({ caller, body, actor, reply, now }) => {
      const { profile } = await accounts()
      await profile.delete({ accountId: caller.accountId, password: body.password, actor, now })
      clearSessionCookies(reply)
    },
  )

  async function assertPassword(accountId: string, password: string | undefined): Promise<void> {
    const { profile } = await accounts()
    await profile.assertPassword(accountId, password)
  }
}

function assertTimeZone(timeZone: string | undefined): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
  } catch {
    throw new AppError('bad-request', 'There is no such time zone; Europe/Madrid is one.', {
      path: 'body.settings.timeZone',
    })
  }
}
