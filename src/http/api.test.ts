import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { Type } from 'typebox'
import { loadConfig } from '../../config/load.ts'
import { AppError, assertVersion } from '../lib/app-error.ts'
import type { Caller } from '../protocol/caller.ts'
import { Input, PageQuery, Version } from '../protocol/rest.ts'
import { silent } from '../tests/support/databases.ts'
import { endpointsOf, errorsOf, serveApi, type Access, type Api } from './api.ts'
import { createHttpServer } from './server.ts'

const accesses = ['anyone', 'account', 'member', 'host', 'backend', 'admin'] as const
const account = (role: 'admin' | 'host' | 'member', byCookie = false): Caller => ({
  kind: 'account',
  accountId: `acc_${role}`,
  sessionId: 's1',
  role,
  email: `${role}@example.org`,
  name: role,
  byCookie,
})
const callers: Readonly<Record<string, Caller>> = {
  nobody: { kind: 'nobody' },
  key: { kind: 'api-key', keyId: 'key_1' },
  otherKey: { kind: 'api-key', keyId: 'key_2' },
  member: account('member'),
  host: account('host'),
  admin: account('admin'),
  adminByCookie: account('admin', true),
}

function register(api: Api): void {
  for (const access of accesses) {
    api.add(
      'GET',
      `/access/${access}`,
      access,
      { id: access, tag: 'Server', about: 'Test.', answer: Type.Object({ ok: Type.Boolean() }) },
      async () => ({ ok: true }),
    )
  }
  const Thing = Type.Object({ id: Type.String(), note: Type.String(), version: Version }, { title: 'Thing' })
  api.add(
    'PATCH',
    '/things/:thingId',
    'member',
    {
      id: 'changeThing',
      tag: 'Server',
      about: 'Test.',
      params: Type.Object({ thingId: Type.String({ maxLength: 16 }) }),
      query: Input(PageQuery),
      body: Input({ note: Type.String({ maxLength: 16 }), more: Type.Optional(Type.Array(Type.Unknown())) }),
      answer: Thing,
      versioned: true,
    },
    async ({ params, body, query, version }) => {
      assertVersion(version, 3)
      return {
        id: params.thingId,
        note: `${body.note} ${query.limit}`,
        version: 4,
        secret: 'not in the schema',
      }
    },
  )
  api.add(
    'POST',
    '/nothing',
    'anyone',
    { id: 'doNothing', tag: 'Server', about: 'Test.' },
    async () => undefined,
  )
  api.add(
    'POST',
    '/log-in',
    'anyone',
    {
      id: 'logIn',
      tag: 'Server',
      about: 'Test.',
      body: Input({ email: Type.String() }),
      limits: [
        { max: 3, seconds: 60, by: 'address' },
        { max: 2, seconds: 60, by: ({ email }: { email: string }) => email.toLowerCase() },
      ],
    },
    async () => undefined,
  )
  api.add('GET', '/fault', 'anyone', { id: 'fault', tag: 'Server', about: 'Test.' }, async () => {
    throw new Error('password=hunter2 at /srv/x')
  })
}

async function serve(settings: Record<string, string> = {}): Promise<FastifyInstance> {
  const { config } = loadConfig({ argv: [], cwd: '/nowhere', env: settings })
  const app = await createHttpServer({ http: config.http, limits: config.limits, log: silent })
  await serveApi(app, {
    config,
    identify: async (request) => {
      const caller = callers[String(request.headers['x-caller'] ?? 'nobody')]
      if (caller === undefined) throw new AppError('unauthorized', 'Wrong.', { why: 'expired' })
      return caller
    },
    register,
  })
  await app.ready()
  return app
}

let app: FastifyInstance
before(async () => {
  app = await serve()
})
after(() => app.close())

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Record<string, unknown> & { code?: string; data?: Record<string, unknown> }
}

async function ask(
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  {
    as = 'nobody',
    headers = {},
    on = app,
    ...options
  }: Omit<InjectOptions, 'path'> & {
    as?: string
    headers?: Record<string, string>
    on?: FastifyInstance
  } = {},
): Promise<Answer> {
  const answer = await on.inject({
    method,
    url: `/api/v1${path}`,
    headers: { host: 'localhost:4443', 'x-caller': as, ...headers },
    ...options,
  })
  return {
    status: answer.statusCode,
    headers: answer.headers as Answer['headers'],
    body: answer.payload === '' ? {} : (answer.json() as Answer['body']),
  }
}

const change = (options: Parameters<typeof ask>[2] = {}) =>
  ask('PATCH', '/things/t1', { as: 'member', payload: { note: 'hello' }, ...options })

test('each kind of access lets in exactly whom it says', async () => {
  const may: Readonly<Record<Access, readonly string[]>> = {
    anyone: ['nobody', 'key', 'member', 'host', 'admin'],
    account: ['member', 'host', 'admin'],
    member: ['key', 'member', 'host', 'admin'],
    host: ['key', 'host', 'admin'],
    backend: ['key', 'admin'],
    admin: ['admin'],
  }
  for (const access of accesses) {
    for (const as of ['nobody', 'key', 'member', 'host', 'admin']) {
      const { status, body } = await ask('GET', `/access/${access}`, { as })
      const expected = may[access].includes(as)
        ? [200, undefined]
        : as === 'nobody'
          ? [401, 'unauthorized']
          : [403, 'forbidden']
      assert.deepEqual([status, body.code], expected, `${as} at ${access}`)
    }
  }
})

test('wrong credentials are refused everywhere, with a challenge that opens no dialog', async () => {
  const { status, body, headers } = await ask('GET', '/access/anyone', { as: 'somebody else' })
  assert.equal(status, 401)
  assert.equal(headers['www-authenticate'], 'Bearer')
  assert.match(headers['content-type']!, /^application\/problem\+json/)
  assert.equal(headers['cache-control'], 'no-store')
  assert.deepEqual(body, {
    type: 'about:blank',
    title: 'unauthorized',
    status: 401,
    code: 'unauthorized',
    detail: 'Wrong.',
    data: { why: 'expired' },
  })
})

test('who may not is told so before anything of the request is looked at', async () => {
  const { status } = await ask('PATCH', '/things/t1', { payload: { nonsense: true } })
  assert.equal(status, 401)
})

test('a body must fit: unknown fields, wrong types, NUL and half characters are refused with their place', async () => {
  const wrong: [payload: unknown, path: string][] = [
    [{}, 'body.note'],
    [{ note: 7 }, 'body.note'],
    [{ note: 'x'.repeat(17) }, 'body.note'],
    [{ note: 'x', extra: 1 }, 'body.extra'],
    [[], 'body'],
    [null, 'body'],
    [{ note: 'a\0b' }, 'body'],
    [{ note: 'a\ud800' }, 'body'],
    [{ note: 'x', more: [{ 'a\0': 1 }] }, 'body'],
    [{ note: 'x', more: [[['\udc00']]] }, 'body'],
  ]
  for (const [payload, path] of wrong) {
    const { status, body } = await change({
      payload: JSON.stringify(payload),
      headers: { 'content-type': 'application/json' },
    })
    assert.deepEqual(
      [status, body.code, body.data?.['path']],
      [400, 'bad-request', path],
      JSON.stringify(payload),
    )
  }
})

test('what is no JSON is the client’s fault', async () => {
  const bodies: [text: string, type: string][] = [
    ['{"note":', 'application/json'],
    ['', 'application/json'],
    ['{"__proto__":{"note":"x"},"note":"y"}', 'application/json'],
    ['note=x', 'application/x-www-form-urlencoded'],
    ['note', 'text/plain'],
    ['<note/>', 'application/xml'],
  ]
  for (const [payload, type] of bodies) {
    const { status, body } = await change({ payload, headers: { 'content-type': type } })
    assert.deepEqual([status, body.code], [400, 'bad-request'], `${type} ${payload}`)
  }
  const { status, body } = await change({ payload: { note: 'x'.repeat(300_000) } })
  assert.deepEqual([status, body.code], [413, 'too-large'])
})

test('paths and queries are checked like bodies', async () => {
  const wrong: [path: string, place: string][] = [
    ['/things/a-name-that-is-too-long', 'params.thingId'],
    ['/things/a%00b', 'params'],
    ['/things/t1?limit=0', 'query.limit'],
    ['/things/t1?limit=many', 'query.limit'],
    ['/things/t1?limit=1&limit=2', 'query.limit'],
    ['/things/t1?unknown=1', 'query.unknown'],
    ['/things/t1?__proto__=1', 'query.__proto__'],
    ['/things/t1?cursor=a%00', 'query'],
  ]
  for (const [path, place] of wrong) {
    const { status, body } = await ask('PATCH', path, { as: 'member', payload: { note: 'x' } })
    assert.deepEqual([status, body.code, body.data?.['path']], [400, 'bad-request', place], path)
  }
  const { body } = await ask('PATCH', '/things/t1?limit=7', { as: 'member', payload: { note: 'x' } })
  assert.equal(body['note'], 'x 7')
})

test('an answer holds what its schema has and nothing else', async () => {
  const { status, body } = await change()
  assert.equal(status, 200)
  assert.deepEqual(body, { id: 't1', note: 'hello 50', version: 4 })
})

test('a change with If-Match happens only to what the client has seen', async () => {
  const matching = ['"3"', ' "3" ', 'W/"3"', '*']
  for (const tag of matching) {
    const { status, headers } = await change({ headers: { 'if-match': tag } })
    assert.deepEqual([status, headers['etag']], [200, '"4"'], tag)
  }
  const { status, body } = await change({ headers: { 'if-match': '"2"' } })
  assert.deepEqual([status, body.code, body.data], [412, 'precondition-failed', { version: 3 }])
  for (const tag of ['3', '""', '"x"', '"1", "3"', '"-3"', '"99999999999999999999"']) {
    const { status, body } = await change({ headers: { 'if-match': tag } })
    assert.deepEqual([status, body.data?.['path']], [400, 'headers.if-match'], tag)
  }
})

test('a page of another site cannot use somebody’s cookies', async () => {
  const post = (as: string, headers: Record<string, string>) => ask('POST', '/nothing', { as, headers })
  const refused: Record<string, string>[] = [
    {},
    { origin: 'https://elsewhere.example' },
    { origin: 'null' },
    { origin: 'http://localhost:5555' },
    { origin: 'http://rebound.example:4443', host: 'rebound.example:4443' },
  ]
  for (const headers of refused) {
    const { status, body } = await post('adminByCookie', headers)
    assert.deepEqual([status, body.data], [403, { why: 'cross-site' }], JSON.stringify(headers))
  }
  assert.equal((await post('adminByCookie', { origin: 'http://localhost:4443' })).status, 204)
  assert.equal((await post('admin', { origin: 'https://elsewhere.example' })).status, 204)
  // Reading is not acting; the browser keeps the answer from the page.
  const read = await ask('GET', '/access/admin', { as: 'adminByCookie' })
  assert.equal(read.status, 200)
  assert.equal(read.headers['access-control-allow-origin'], undefined)
})

test('a fault of ours says nothing of the inside', async () => {
  const { status, body } = await ask('GET', '/fault')
  assert.equal(status, 500)
  assert.equal(body.code, 'internal')
  assert.equal(typeof body.data?.['requestId'], 'string')
  assert.doesNotMatch(JSON.stringify(body), /hunter2|srv/)
})

test('every answer says what is left of the limit, and the one too many when to come back', async (t) => {
  const limited = await serve({ SLUICE_LIMITS_REQUESTS_PER_MINUTE: '12' })
  t.after(() => limited.close())
  const get = (remoteAddress: string) => ask('GET', '/access/anyone', { on: limited, remoteAddress })
  for (let left = 11; left >= 0; left--) {
    const { status, headers } = await get('192.0.2.1')
    assert.equal(status, 200)
    assert.equal(headers['ratelimit-limit'], '12')
    assert.equal(headers['ratelimit-remaining'], String(left))
  }
  const { status, headers, body } = await get('192.0.2.1')
  assert.deepEqual([status, body.code], [429, 'rate-limited'])
  assert.equal(headers['ratelimit-remaining'], '0')
  const seconds = Number(headers['retry-after'])
  assert.ok(seconds > 0 && seconds <= 60, `${seconds} s`)
  assert.equal(Number(headers['ratelimit-reset']), seconds)
  assert.deepEqual(body.data, { max: 12, seconds })
  // Somebody else is not concerned, and one subscriber is one whatever the end of their address.
  assert.equal((await get('192.0.2.2')).status, 200)
  const ofIpv6 = await Promise.all(
    Array.from({ length: 13 }, (_, index) => get(`2001:db8:1:2::${index + 1}`)),
  )
  assert.equal(ofIpv6.filter((answer) => answer.status === 429).length, 1)
})

test('callers are counted one by one, wherever they come from', async (t) => {
  const limited = await serve({ SLUICE_LIMITS_REQUESTS_PER_MINUTE_PER_CALLER: '10' })
  t.after(() => limited.close())
  const get = (as: string, index: number) =>
    ask('GET', '/access/member', { on: limited, as, remoteAddress: `192.0.2.${index}` })
  const answers = await Promise.all(Array.from({ length: 11 }, (_, index) => get('key', index)))
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [
    ...Array.from({ length: 10 }, () => 200),
    429,
  ])
  assert.equal((await get('otherKey', 1)).status, 200)
  assert.equal((await get('member', 1)).status, 200)
})

test('limits of an endpoint count what they name, each for itself', async (t) => {
  const limited = await serve()
  t.after(() => limited.close())
  const logIn = async (email: string, remoteAddress: string) =>
    (await ask('POST', '/log-in', { on: limited, remoteAddress, payload: { email } })).status
  assert.equal(await logIn('ana@example.org', '192.0.2.1'), 204)
  assert.equal(await logIn('Ana@example.org', '192.0.2.2'), 204)
  assert.equal(await logIn('ana@example.org', '192.0.2.3'), 429, 'by name, from anywhere')
  assert.equal(await logIn('ben@example.org', '192.0.2.1'), 204)
  assert.equal(await logIn('cleo@example.org', '192.0.2.1'), 204)
  assert.equal(await logIn('dora@example.org', '192.0.2.1'), 429, 'by address, whoever')
  assert.equal(await logIn('dora@example.org', '192.0.2.4'), 204)
  const elsewhere = await ask('GET', '/access/anyone', { on: limited, remoteAddress: '192.0.2.1' })
  assert.equal(elsewhere.status, 200)
})

test('pages of allowed origins may use every method and read what is in the headers', async (t) => {
  const open = await serve({ SLUICE_HTTP_CORS_ORIGINS: 'https://school.example' })
  t.after(() => open.close())
  const preflight = await open.inject({
    method: 'OPTIONS',
    url: '/api/v1/things/t1',
    headers: {
      origin: 'https://school.example',
      'access-control-request-method': 'PATCH',
      'access-control-request-headers': 'authorization, content-type, if-match',
    },
  })
  assert.equal(preflight.statusCode, 204)
  assert.equal(preflight.headers['access-control-allow-origin'], 'https://school.example')
  assert.match(String(preflight.headers['access-control-allow-methods']), /PATCH/)
  assert.match(String(preflight.headers['access-control-allow-headers']), /if-match/)
  const answer = await change({ on: open, headers: { origin: 'https://school.example' } })
  assert.match(String(answer.headers['access-control-expose-headers']), /ETag.*Retry-After/)
  assert.equal(answer.headers['access-control-allow-credentials'], undefined)
})

test('the errors of an endpoint follow from how it is declared', () => {
  const [anyone] = endpointsOf(register)
  const thing = endpointsOf(register).find(({ id }) => id === 'changeThing')!
  assert.deepEqual(
    new Set(errorsOf(anyone!)),
    new Set(['unauthorized', 'rate-limited', 'unavailable', 'internal']),
  )
  assert.deepEqual(
    new Set(errorsOf(thing)),
    new Set([
      'bad-request',
      'too-large',
      'unauthorized',
      'forbidden',
      'precondition-failed',
      'rate-limited',
      'unavailable',
      'internal',
    ]),
  )
})
