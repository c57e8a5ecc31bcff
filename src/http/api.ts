import { STATUS_CODES } from 'node:http'
import cookie from '@fastify/cookie'
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import type { Static, TObject, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import type { Config } from '../../config/schema.ts'
import { AppError, type ErrorCode } from '../lib/app-error.ts'
import { check, checkTexts } from '../lib/check.ts'
import type { AccountCaller, Actor, Caller, KeyCaller } from '../protocol/caller.ts'
import { isBackend } from '../protocol/caller.ts'
import { subscriberOf } from './addresses.ts'
import { isOwnPage } from './origins.ts'
import { RequestLimit } from './request-limit.ts'

/**
 * REST: every endpoint is declared once, with its schemas, who may call it and what can go wrong. Validation, limits and the
 * API document (openapi.ts) follow from the declaration.
 */

export const apiPrefix = '/api/v1'

/** In documents, for answers of which each has a media type of its own. */
export const anyMedia = '*/*'

/**
 * Who may call an endpoint. `anyone`: without credentials too. `account`: somebody who logged in. `member`: that, or a
 * backend by its API key. `host`: accounts that may create meetings, or a backend. `backend`: admins and backends. `admin`:
 * admins only.
 */
export type Access = 'anyone' | 'account' | 'member' | 'host' | 'backend' | 'admin'

export type CallerFor<A extends Access> = A extends 'anyone'
  ? Caller
  : A extends 'account' | 'admin'
    ? AccountCaller
    : AccountCaller | KeyCaller

export const tags = {
  Server: 'The server itself.',
  Authentication: 'Registering, logging in and out, second factor.',
  Account: 'The own account.',
  Users: 'All accounts, for admins.',
  'API keys': 'What application backends authenticate with.',
  Rooms: 'Live rooms and who is in them, for backends.',
  Meetings: 'Scheduled meetings, their invitations, who was there.',
  Calls: 'Instant calls.',
  Recordings: 'Recordings, what is made of them, and links that share them.',
  Audit: 'Who did what, for admins.',
} as const
export type Tag = keyof typeof tags

/** What an endpoint answers when nothing is wrong. */
export type Status = 200 | 201 | 202 | 204 | 206 | 302 | 304

/** One more limit than those that hold for every endpoint. */
export interface EndpointLimit {
  /** Requests in `seconds`. */
  readonly max: number
  readonly seconds: number
  /** What is counted: the client's address, who it is, or something in the body, such as an e-mail address. */
  readonly by: 'address' | 'caller' | ((body: never) => string)
}

export interface EndpointFacts<P extends TObject, Q extends TObject, B extends TSchema, R extends TSchema> {
  /** Name in generated clients, camelCase. */
  readonly id: string
  readonly tag: Tag
  /** The first sentence is the summary. */
  readonly about: string
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  /** What is answered; left out, nothing is (204). */
  readonly answer?: R
  /** 200 by default. Several where it depends: the handler calls `call.status`. */
  readonly status?: Status | readonly Status[]
  /** Besides those that follow from access, body and limits. */
  readonly errors?: readonly ErrorCode[]
  readonly limits?: readonly EndpointLimit[]
  /** The object has a version: the answer's becomes its ETag, and for a change `call.version` is what If-Match says. */
  readonly versioned?: boolean
  /** Media type of an answer that is not JSON. `anyMedia`: the handler sets one. */
  readonly sends?: string
}

/** One request, checked. */
export interface Call<
  A extends Access = Access,
  P extends TObject = TObject,
  Q extends TObject = TObject,
  B extends TSchema = TSchema,
> {
  readonly caller: CallerFor<A>
  /** The same, for the audit log. */
  readonly actor: Actor
  readonly params: Static<P>
  readonly query: Static<Q>
  readonly body: Static<B>
  readonly now: Date
  readonly address: string
  /** Of If-Match; undefined when the client did not say. */
  readonly version: number | undefined
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** Answers with this status instead of the first declared one. */
  status(code: Status): void
}

export interface Endpoint extends EndpointFacts<TObject, TObject, TSchema, TSchema> {
  readonly method: HTTPMethods
  /** As Fastify writes it: `/meetings/:meetingId`. */
  readonly path: string
  readonly access: Access
}

export interface ApiOptions {
  readonly config: Pick<Config, 'mode' | 'http' | 'limits'>
  /** Reads the credentials. Throws `unauthorized` for bad ones; none at all is nobody. */
  readonly identify: (request: FastifyRequest) => Promise<Caller>
}

/** What features declare their endpoints with. */
export interface Api {
  /** Declares an endpoint. The handler gets a checked call and returns the answer, or throws an `AppError`. */
  add<
    A extends Access,
    P extends TObject = TObject,
    Q extends TObject = TObject,
    B extends TSchema = TSchema,
    R extends TSchema = TSchema,
  >(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    access: A,
    facts: EndpointFacts<P, Q, B, R>,
    handler: (call: Call<A, P, Q, B>) => Promise<NoInfer<Static<R>> | undefined | void>,
  ): void
}

type Register = (api: Api) => void

/** The endpoints that `register` declares, without serving them: for documents. */
export function endpointsOf(register: Register): readonly Endpoint[] {
  const endpoints: Endpoint[] = []
  register({
    add: (method, path, access, facts) => void endpoints.push({ ...facts, method, path, access }),
  })
  return endpoints
}

/** Serves the REST endpoints that `register` declares, below `/api/v1`. */
export async function serveApi(
  app: FastifyInstance,
  options: ApiOptions & { readonly register: Register },
): Promise<void> {
  await app.register(
    async (scope) => {
      await scope.register(cookie)
      options.register(new ServedApi(scope, options))
    },
    { prefix: apiPrefix },
  )
}

/** Serves what is declared with it. */
class ServedApi implements Api {
  readonly #app: FastifyInstance
  readonly #options: ApiOptions
  readonly #perAddress: Limiter
  readonly #perCaller: Limiter

  constructor(app: FastifyInstance, options: ApiOptions) {
    this.#app = app
    this.#options = options
    const { requestsPerMinute, requestsPerMinutePerCaller } = options.config.limits
    this.#perAddress = this.#limiter({
      max: requestsPerMinute,
      seconds: 60,
      key: ({ request }) => subscriberOf(request.ip),
    })
    this.#perCaller = this.#limiter({
      max: requestsPerMinutePerCaller,
      seconds: 60,
      key: ({ caller, request }) => keyOf(caller, request),
    })
  }

  add<A extends Access, P extends TObject, Q extends TObject, B extends TSchema, R extends TSchema>(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    access: A,
    facts: EndpointFacts<P, Q, B, R>,
    handler: (call: Call<A, P, Q, B>) => Promise<NoInfer<Static<R>> | undefined | void>,
  ): void {
    const endpoint: Endpoint = { ...facts, method, path, access }
    const limits = (facts.limits ?? []).map((limit) => this.#limiterOf(limit))
    const read = readerOf(endpoint)
    const { versioned, sends } = facts
    const [status] = statusesOf(endpoint)

    this.#app.route({
      method,
      url: path,
      schema: facts.answer && sends === undefined ? { response: { '2xx': facts.answer } } : {},
      handler: async (request, reply) => {
        reply.header('cache-control', 'no-store')
        this.#perAddress(reply, { request, caller: nobody, body: undefined })
        const caller = await this.#options.identify(request)
        assertMay(caller, access)
        assertOwnPage(request, caller, this.#options.config)
        if (caller.kind !== 'nobody') this.#perCaller(reply, { request, caller, body: undefined })
        const input = read(request)
        for (const limit of limits) limit(reply, { request, caller, body: input.body })

        reply.code(status!)
        const answer = await handler({
          ...(input as { params: Static<P>; query: Static<Q>; body: Static<B> }),
          caller: caller as CallerFor<A>,
          actor: actorOf(caller, request.ip),
          now: new Date(),
          address: request.ip,
          version: takesIfMatch(endpoint) ? versionOf(request) : undefined,
          request,
          reply,
          status: (code) => void reply.code(code),
        })
        if (versioned && answer) reply.header('etag', `"${(answer as { version: number }).version}"`)
        if (sends !== undefined && sends !== anyMedia) reply.type(sends)
        if (reply.sent) return reply
        return reply.send(answer)
      },
    })
  }

  #limiterOf({ max, seconds, by }: EndpointLimit): Limiter {
    return this.#limiter({
      max,
      seconds,
      key: ({ request, caller, body }) => {
        if (by === 'address') return subscriberOf(request.ip)
        return by === 'caller' ? keyOf(caller, request) : by(body as never)
      },
    })
  }

  #limiter({ max, seconds, key }: { max: number; seconds: number; key: (of: Counted) => string }): Limiter {
    const limit = new RequestLimit({ max, seconds })
    return (reply, of) => {
      const used = limit.take(key(of), performance.now())
      // The strictest of several limits is the one a client has to know, and the one that is exceeded above all.
      const before = reply.getHeader('ratelimit-remaining')
      if (used.exceeded || before === undefined || Number(before) > used.remaining) {
        reply.headers({
          'ratelimit-limit': used.max,
          'ratelimit-remaining': used.remaining,
          'ratelimit-reset': used.seconds,
        })
      }
      if (!used.exceeded) return
      reply.header('retry-after', used.seconds)
      throw new AppError('rate-limited', `Too many requests. Try again in ${used.seconds} s.`, {
        max: used.max,
        seconds: used.seconds,
      })
    }
  }
}

interface Counted {
  readonly request: FastifyRequest
  readonly caller: Caller
  readonly body: unknown
}
/** Counts a request. Throws `rate-limited` when it is one too many. */
type Limiter = (reply: FastifyReply, of: Counted) => void

const nobody: Caller = { kind: 'nobody' }

function keyOf(caller: Caller, request: FastifyRequest): string {
  if (caller.kind === 'nobody') return subscriberOf(request.ip)
  return caller.kind === 'account' ? caller.accountId : caller.keyId
}

export function statusesOf({ status, answer }: Endpoint): readonly number[] {
  if (status === undefined) return [answer ? 200 : 204]
  return typeof status === 'number' ? [status] : status
}

function actorOf(caller: Caller, address: string): Actor {
  if (caller.kind === 'account') return { kind: 'account', id: caller.accountId, address }
  if (caller.kind === 'api-key') return { kind: 'api-key', id: caller.keyId, address }
  return { kind: 'nobody', address }
}

function assertMay(caller: Caller, access: Access): void {
  if (access === 'anyone') return
  if (caller.kind === 'nobody') throw new AppError('unauthorized', 'Log in first.', { why: 'no-credentials' })
  if (!isAllowed(caller, access)) throw new AppError('forbidden', forbiddenBecause[access])
}

function isAllowed(caller: AccountCaller | KeyCaller, access: Exclude<Access, 'anyone'>): boolean {
  switch (access) {
    case 'account':
      return caller.kind === 'account'
    case 'member':
      return true
    case 'host':
      return caller.kind === 'api-key' || caller.role !== 'member'
    case 'backend':
      return isBackend(caller)
    case 'admin':
      return caller.kind === 'account' && caller.role === 'admin'
  }
}

const forbiddenBecause: Readonly<Record<Exclude<Access, 'anyone'>, string>> = {
  account: 'This is for people with an account, not for API keys.',
  member: 'This is for accounts and API keys.',
  host: 'Your account may not do this: it takes the role host.',
  backend: 'This is for admins and API keys.',
  admin: 'This is for admins.',
}

const safeMethods = ['GET', 'HEAD', 'OPTIONS']

/**
 * A browser sends cookies whichever page makes it ask. It also says which page that is, and pages cannot change what it
 * says; SameSite cookies are the second line.
 */
function assertOwnPage(request: FastifyRequest, caller: Caller, config: ApiOptions['config']): void {
  if (caller.kind !== 'account' || !caller.byCookie || safeMethods.includes(request.method)) return
  const { origin, host } = request.headers
  if (isOwnPage({ origin, host }, config)) return
  throw new AppError('forbidden', 'This request came from a page of another site.', { why: 'cross-site' })
}

/** Compiles the schemas of an endpoint once and returns what reads a request by them. */
function readerOf({ params, query, body, id }: Endpoint) {
  const paramsValidator = params && Compile(params)
  const queryValidator = query && Compile(query)
  const bodyValidator = body && Compile(body)
  return (request: FastifyRequest) => {
    // The router gives objects without a prototype, which are not objects to every validator.
    const found = {
      params: { ...(request.params as object) },
      query: { ...(request.query as object) },
      body: request.body,
    }
    if (query) found.query = Value.Default(query, Value.Convert(query, found.query)) as object
    for (const [root, validator] of [
      ['params', paramsValidator],
      ['query', queryValidator],
      ['body', bodyValidator],
    ] as const) {
      if (!validator) continue
      check(validator, found[root], { what: id, root })
      checkTexts(found[root], { what: id, root })
    }
    return found
  }
}

function versionOf(request: FastifyRequest): number | undefined {
  const text = request.headers['if-match']
  if (text === undefined || text.trim() === '*') return undefined
  // Proxies that compress make ETags weak.
  const digits = /^\s*(?:W\/)?"(\d{1,9})"\s*$/.exec(text)?.[1]
  if (digits === undefined) {
    throw new AppError('bad-request', 'If-Match is the ETag of an answer before, such as "3".', {
      path: 'headers.if-match',
    })
  }
  return Number(digits)
}

/** Whether it changes something that the client may have seen before. */
export function takesIfMatch({ versioned, method }: Endpoint): boolean {
  return versioned === true && ['PUT', 'PATCH', 'DELETE'].includes(String(method))
}

/** Every error an endpoint may answer, by code. */
export function errorsOf(endpoint: Endpoint): ErrorCode[] {
  const { method, access, params, query, errors = [] } = endpoint
  const all = new Set<ErrorCode>(errors)
  const maySendBody = method !== 'GET'
  if (maySendBody || (params ?? query)) all.add('bad-request')
  if (maySendBody) all.add('too-large')
  // Wrong credentials are refused where none are needed, too.
  all.add('unauthorized')
  if (access !== 'anyone' || maySendBody) all.add('forbidden')
  if (takesIfMatch(endpoint)) all.add('precondition-failed')
  return [...all.add('rate-limited').add('unavailable').add('internal')]
}

export function reasonPhrase(status: number): string {
  return STATUS_CODES[status] ?? ''
}
