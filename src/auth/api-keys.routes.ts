import { Type } from 'typebox'
import type { Audit } from '../audit/audit.ts'
import type { Api } from '../http/api.ts'
import { Id, Input, Moment, Page } from '../protocol/rest.ts'
import type { ApiKey, ApiKeys } from './api-keys.ts'

const keyId = Id('an API key', 'key_x6HqPz2mUw0eTb4A')

const ApiKeyShape = Type.Object(
  {
    id: keyId,
    name: Type.String({ examples: ['Classroom backend'] }),
    createdAt: Moment('When it was made.'),
    lastUsedAt: Type.Optional(Moment('To the minute. Left out: never.')),
    revokedAt: Type.Optional(Moment('Left out: it is in use.')),
  },
  { title: 'ApiKey', description: 'What a backend authenticates and signs room tokens with.' },
)

const NewApiKey = Type.Object(
  {
    ...ApiKeyShape.properties,
    secret: Type.String({
      description: 'Shown this once. HTTP Basic password, and HMAC key of room tokens.',
      examples: ['sluice_0m3vCq8…'],
    }),
  },
  { title: 'NewApiKey' },
)

export function apiKeyRoutes(
  api: Api,
  { apiKeys, audit }: { apiKeys: () => Promise<ApiKeys>; audit: () => Promise<Audit> },
): void {
  api.add(
    'GET',
    '/api-keys',
    'admin',
    {
      id: 'listApiKeys',
      tag: 'API keys',
      about: 'All API keys, newest first, revoked ones too.',
      answer: Page(ApiKeyShape),
    },
    async () => ({ items: (await (await apiKeys()).list()).map(shown) }),
  )

  api.add(
    'POST',
    '/api-keys',
    'admin',
    {
      id: 'createApiKey',
      tag: 'API keys',
      about: 'Makes an API key. Its secret is in this answer and nowhere else.',
      body: Input({ name: Type.String({ minLength: 1, maxLength: 1024, examples: ['Classroom backend'] }) }),
      answer: NewApiKey,
      status: 201,
      errors: ['limit-exceeded'],
    },
    async ({ body, actor, now }) => {
      const { id, secret } = await (await apiKeys()).add({ name: body.name, now })
      const name = body.name.trim()
      await (
        await audit()
      ).record({ actor, action: 'api-key.created', target: { kind: 'api-key', id }, data: { name }, now })
      return { id, name, createdAt: now.toISOString(), secret: secret.reveal() }
    },
  )

  api.add(
    'DELETE',
    '/api-keys/:keyId',
    'admin',
    {
      id: 'revokeApiKey',
      tag: 'API keys',
      about:
        'Revokes an API key: it and every token signed with it are refused from now on. There is no way back.',
      params: Type.Object({ keyId }),
      errors: ['not-found'],
    },
    async ({ params, actor, now }) => {
      await (await apiKeys()).revoke(params.keyId, now)
      await (
        await audit()
      ).record({ actor, action: 'api-key.revoked', target: { kind: 'api-key', id: params.keyId }, now })
    },
  )
}

function shown({ id, name, createdAt, lastUsedAt, revokedAt }: ApiKey) {
  return {
    id,
    name,
    createdAt: createdAt.toISOString(),
    ...(lastUsedAt ? { lastUsedAt: lastUsedAt.toISOString() } : {}),
    ...(revokedAt ? { revokedAt: revokedAt.toISOString() } : {}),
  }
}
