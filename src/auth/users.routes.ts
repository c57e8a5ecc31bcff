import { Type } from 'typebox'
import type { Api } from '../http/api.ts'
import { defaultPageLimit, Email, Input, Page, PageQuery, Role } from '../protocol/rest.ts'
import { accountId, AccountName, AccountShape } from './account.shapes.ts'
import type { AccountServices } from './account-services.ts'

const params = Type.Object({ accountId })
const tag = 'Users'

/** All accounts, for admins and backends. */
export function usersRoutes(api: Api, { accounts }: { accounts: () => Promise<AccountServices> }): void {
  api.add(
    'GET',
    '/users',
    'backend',
    {
      id: 'listUsers',
      tag,
      about: 'All accounts, in the order of their e-mail addresses.',
      query: Input({
        search: Type.Optional(
          Type.String({ maxLength: 254, description: 'Part of name or e-mail address.', examples: ['ana'] }),
        ),
        role: Type.Optional(Role),
        ...PageQuery,
      }),
      answer: Page(AccountShape),
    },
    async ({ query }) => {
      const { users } = await accounts()
      return users.list({ ...query, limit: query.limit ?? defaultPageLimit })
    },
  )

  api.add(
    'POST',
    '/users',
    'backend',
    {
      id: 'createUser',
      tag,
      about:
        'Makes an account for somebody, who gets a mail with a link to choose a password. Only admins make admins.',
      body: Input({ email: Email, name: AccountName, role: Role }),
      answer: Type.Object({
        account: AccountShape,
        setPasswordUrl: Type.Optional(
          Type.String({
            description: 'The link in the mail, good for a week, for handing it over otherwise.',
            examples: ['https://meet.example.org/reset?token=Xy3vQ8sKx1LmT0aBq9Rf5Wd7Zc2Nh6Ju4Gk0Pe8Ys1A'],
          }),
        ),
      }),
      status: 201,
      errors: ['conflict', 'limit-exceeded'],
    },
    async ({ body, caller, actor, now }) => {
      const { users } = await accounts()
      const { account, setPasswordUrl } = await users.add(body, { caller, actor, now })
      return { account, ...(setPasswordUrl === undefined ? {} : { setPasswordUrl }) }
    },
  )

  api.add(
    'GET',
    '/users/:accountId',
    'backend',
    {
      id: 'getUser',
      tag,
      about: 'One account.',
      params,
      answer: AccountShape,
      versioned: true,
      errors: ['not-found'],
    },
    async ({ params }) => (await accounts()).users.get(params.accountId),
  )

  api.add(
    'PATCH',
    '/users/:accountId',
    'backend',
    {
      id: 'changeUser',
      tag,
      about:
        'Changes name or role, disables or enables. Disabling ends all sessions. Only admins touch admins, and the last one stays.',
      params,
      body: Input({
        name: Type.Optional(AccountName),
        role: Type.Optional(Role),
        disabled: Type.Optional(Type.Boolean({ examples: [false] })),
      }),
      answer: AccountShape,
      versioned: true,
      errors: ['not-found', 'conflict', 'limit-exceeded'],
    },
    async ({ params, body, caller, actor, now, version }) => {
      const { users } = await accounts()
      return users.change(params.accountId, body, { caller, actor, now, version })
    },
  )

  api.add(
    'DELETE',
    '/users/:accountId',
    'backend',
    {
      id: 'deleteUser',
      tag,
      about: 'Deletes an account and all that is personal. Does nothing when there is none.',
      params,
      errors: ['conflict'],
    },
    async ({ params, caller, actor, now }) => {
      const { users } = await accounts()
      await users.delete(params.accountId, { caller, actor, now })
    },
  )

  api.add(
    'POST',
    '/users/:accountId/logout',
    'backend',
    { id: 'logOutUser', tag, about: 'Ends all sessions of an account.', params, errors: ['not-found'] },
    async ({ params, caller, actor, now }) => {
      const { users } = await accounts()
      await users.logOut(params.accountId, { caller, actor, now })
    },
  )

  api.add(
    'DELETE',
    '/users/:accountId/second-factor',
    'backend',
    {
      id: 'removeUserSecondFactor',
      tag,
      about: 'Removes the second factor of somebody who lost phone and recovery codes.',
      params,
      errors: ['not-found'],
    },
    async ({ params, caller, actor, now }) => {
      const { users } = await accounts()
      await users.removeSecondFactor(params.accountId, { caller, actor, now })
    },
  )
}
