import { Type } from 'typebox'
import type { Api } from '../http/api.ts'
import { Input, Moment, MomentInput, Page, PageQuery, defaultPageLimit } from '../protocol/rest.ts'
import { auditActions, type AuditAction } from './actions.ts'
import type { Audit } from './audit.ts'
import type { AuditRow } from './audit.store.ts'

const Action = Type.Unsafe<AuditAction>({
  type: 'string',
  enum: Object.keys(auditActions),
  description: Object.entries(auditActions)
    .map(([action, about]) => `${action}: ${about}`)
    .join(' '),
})

const AuditEntry = Type.Object(
  {
    id: Type.String({ examples: ['Zp3vQ8sKx1LmT0aB'] }),
    at: Moment('When.'),
    action: Action,
    actor: Type.Object({
      kind: Type.String({
        description: 'account, api-key, participant, nobody or server.',
        examples: ['account'],
      }),
      id: Type.Optional(
        Type.String({ description: 'Account, API key or identity.', examples: ['acc_4fGh'] }),
      ),
    }),
    target: Type.Optional(
      Type.Object({
        kind: Type.String({ examples: ['account'] }),
        id: Type.String({ examples: ['acc_9sKd'] }),
      }),
    ),
    address: Type.Optional(Type.String({ description: 'Where it was done from.', examples: ['192.0.2.7'] })),
    data: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { examples: [{ role: 'host' }] })),
  },
  { title: 'AuditEntry' },
)

const text = (description: string, example: string) =>
  Type.Optional(Type.String({ maxLength: 256, description, examples: [example] }))

export function auditRoutes(api: Api, { audit }: { audit: () => Promise<Audit> }): void {
  api.add(
    'GET',
    '/audit',
    'admin',
    {
      id: 'listAuditEntries',
      tag: 'Audit',
      about: 'What was done, newest first. Reading it is recorded too.',
      query: Input({
        action: Type.Optional(Action),
        actor: text('Id of who did it.', 'acc_4fGh'),
        target: text('Id of what it was done to.', 'acc_9sKd'),
        from: Type.Optional(MomentInput('Not before.')),
        to: Type.Optional(MomentInput('Before.')),
        ...PageQuery,
      }),
      answer: Page(AuditEntry),
    },
    async ({ query, actor, now }) => {
      const { from, to, limit = defaultPageLimit, ...others } = query
      const log = await audit()
      const page = await log.find({
        ...others,
        limit,
        from: from === undefined ? undefined : new Date(from),
        to: to === undefined ? undefined : new Date(to),
      })
      // Turning a page is the same look.
      if (query.cursor === undefined) await log.record({ actor, action: 'audit.read', now })
      return { ...page, items: page.items.map(shown) }
    },
  )
}

function shown(row: AuditRow) {
  return {
    id: row.id,
    at: row.at.toISOString(),
    action: row.action,
    actor: { kind: row.actor_kind, ...(row.actor_id === null ? {} : { id: row.actor_id }) },
    ...(row.target_kind === null || row.target_id === null
      ? {}
      : { target: { kind: row.target_kind, id: row.target_id } }),
    ...(row.address === null ? {} : { address: row.address }),
    ...(row.data === null ? {} : { data: row.data }),
  }
}
