import { Type } from 'typebox'
import type { Api } from '../http/api.ts'
import { defaultPageLimit, Id, Input, oneOf, Page, PageQuery } from '../protocol/rest.ts'
import { callStatuses, callTypes } from './call-status.ts'
import { callLists, type Calls } from './calls.ts'
import { Call, callId, Entry, ListOf } from './shapes.ts'

const tag = 'Calls'
const params = Type.Object({ callId })
const EnteredCall = Type.Object({ ...Entry.properties, call: Call }, { title: 'EnteredCall' })

export function callRoutes(api: Api, { calls }: { calls: () => Promise<Calls> }): void {
  api.add(
    'POST',
    '/calls',
    'host',
    {
      id: 'createCall',
      tag,
      about:
        'Calls other accounts now, and answers with what the caller enters with. Those called find it among their calls until `ringsUntil`. An address that nobody has rings and is missed.',
      body: Input({
        type: oneOf(callTypes, 'What it begins with.'),
        callees: Type.Array(
          Type.String({
            minLength: 1,
            maxLength: 254,
            description: 'Account id or e-mail address.',
            examples: ['ben@example.org'],
          }),
          { minItems: 1, maxItems: 10_000, description: 'At most `limits.meetingInvitees`.' },
        ),
        callerAccountId: Type.Optional(
          Id('the account that calls; for admins and backends', 'acc_4fGhT0aBx1LmQ8sK'),
        ),
      }),
      answer: EnteredCall,
      status: 201,
      errors: ['limit-exceeded'],
      limits: [{ max: 60, seconds: 60, by: 'address' }],
    },
    async ({ body, caller, now }) => {
      const { type, callees, callerAccountId } = body
      return (await calls()).create({ type, callees, callerAccountId }, { caller, now })
    },
  )

  api.add(
    'GET',
    '/calls',
    'member',
    {
      id: 'listCalls',
      tag,
      about:
        'Calls that the caller made or was called in, newest first; `of=all`, which API keys always get: everybody’s, for admins.',
      query: Input({
        when: Type.Optional(
          Type.Unsafe<(typeof callLists)[number]>({
            type: 'string',
            enum: [...callLists],
            default: 'all',
            description: 'live: waiting and active. past: those that are over.',
          }),
        ),
        status: Type.Optional(oneOf(callStatuses, 'Only these.')),
        of: Type.Optional(ListOf),
        ...PageQuery,
      }),
      answer: Page(Call),
    },
    async ({ query, caller, now }) => {
      const { when = 'all', of, status, limit = defaultPageLimit, cursor } = query
      return (await calls()).list(caller, { list: when, of, status, limit, cursor, now })
    },
  )

  api.add(
    'GET',
    '/calls/:callId',
    'member',
    { id: 'getCall', tag, about: 'One call.', params, answer: Call, errors: ['not-found'] },
    async ({ params, caller, now }) => (await calls()).get(params.callId, { caller, now }),
  )

  api.add(
    'POST',
    '/calls/:callId/join',
    'account',
    {
      id: 'joinCall',
      tag,
      about: 'A room token for the caller or somebody called. The call is answered when they join its room.',
      params,
      answer: EnteredCall,
      errors: ['not-found', 'conflict'],
    },
    async ({ params, caller, now }) => (await calls()).join(params.callId, { caller, now }),
  )

  for (const [verb, id, access, about] of [
    ['decline', 'declineCall', 'account', 'Declines a call; for those called. When all have, it has failed.'],
    ['cancel', 'cancelCall', 'member', 'Gives up a call that nobody has answered; for the caller.'],
    ['end', 'endCall', 'member', 'Ends a call for everybody in it; for the caller, and for either of two.'],
  ] as const) {
    api.add(
      'POST',
      `/calls/:callId/${verb}`,
      access,
      { id, tag, about, params, answer: Call, errors: ['not-found', 'conflict'] },
      async ({ params, caller, now }) => (await calls())[verb](params.callId, { caller, now }),
    )
  }
}
