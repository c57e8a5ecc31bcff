import type { TSchema } from 'typebox'
import { errorCodes, type ErrorCode } from '../lib/app-error.ts'
import { Problem } from '../protocol/rest.ts'
import {
  apiPrefix,
  errorsOf,
  reasonPhrase,
  statusesOf,
  takesIfMatch,
  tags,
  type Access,
  type Endpoint,
} from './api.ts'
import { exampleOf } from './example.ts'

/** Writes the OpenAPI 3.1 document of the REST API from the endpoints as they are declared. */

type Json = Record<string, unknown>

const accessText: Readonly<Record<Access, string>> = {
  anyone: 'Needs no credentials.',
  account: 'For people with an account.',
  member: 'For people with an account, and for backends.',
  host: 'For accounts with the role host or admin, and for backends.',
  backend: 'For backends, and for admins.',
  admin: 'For admins.',
}

const takesKeys: readonly Access[] = ['member', 'host', 'backend']

export function renderOpenApi(
  endpoints: readonly Endpoint[],
  { version, serverUrl = '' }: { version: string; serverUrl?: string },
): Json {
  const components: Components = { schemas: {}, responses: {} }
  const { schemas, responses } = components
  const paths: Record<string, Json> = {}
  for (const endpoint of endpoints) {
    const path = apiPrefix + endpoint.path.replace(/:(\w+)/g, '{$1}')
    const operations = (paths[path] ??= {})
    operations[endpoint.method.toString().toLowerCase()] = operation(endpoint, components)
  }
  named(Problem, schemas)
  const used = new Set(endpoints.map((endpoint) => endpoint.tag))
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sluice',
      version,
      description:
        'REST API of Sluice. Errors are problem+json with a stable `code`. Lists are paged by `cursor`. Objects with a `version` have it as ETag, and changes take it as If-Match. Every answer says in `RateLimit-*` what is left of the limit that is closest to its end.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: serverUrl || '/' }],
    tags: Object.entries(tags)
      .filter(([name]) => used.has(name as never))
      .map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: sorted(schemas),
      responses: sorted(responses),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'The `accessToken` of a log-in.',
        },
        cookie: {
          type: 'apiKey',
          in: 'cookie',
          name: 'sluice_access',
          description:
            'Set by a log-in with `session: "cookie"`. Unsafe methods need an Origin of this server.',
        },
        apiKey: {
          type: 'http',
          scheme: 'basic',
          description: 'Id of an API key as user name, its secret as password.',
        },
      },
    },
  }
}

/** What is described once and referred to. */
interface Components {
  readonly schemas: Json
  readonly responses: Json
}

function operation(endpoint: Endpoint, { schemas, responses }: Components): Json {
  const { id, tag, about, access, body, answer, sends } = endpoint
  const [summary = ''] = /^.*?\.(?= |$)/s.exec(about) ?? [about]
  const rest = about.slice(summary.length).trim()
  return {
    operationId: id,
    tags: [tag],
    summary: summary.replace(/\.$/, ''),
    description: [rest, accessText[access]].filter(Boolean).join(' '),
    ...(access === 'anyone'
      ? { security: [] }
      : {
          security: [{ bearer: [] }, { cookie: [] }, ...(takesKeys.includes(access) ? [{ apiKey: [] }] : [])],
        }),
    parameters: parametersOf(endpoint, schemas),
    ...(body
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: named(body, schemas), example: exampleOf(body) } },
          },
        }
      : {}),
    responses: {
      ...Object.fromEntries(
        statusesOf(endpoint).map((status) => [
          status,
          {
            description: reasonPhrase(status),
            ...(endpoint.versioned && answer
              ? { headers: { ETag: { description: 'The version, quoted.', schema: { type: 'string' } } } }
              : {}),
            ...(answer && status < 300 && status !== 204
              ? {
                  content: {
                    [sends ?? 'application/json']: {
                      schema: named(answer, schemas),
                      ...(sends === undefined ? { example: exampleOf(answer) } : {}),
                    },
                  },
                }
              : {}),
          },
        ]),
      ),
      ...problems(errorsOf(endpoint), responses),
    },
  }
}

function parametersOf(endpoint: Endpoint, schemas: Json): Json[] {
  const { params, query } = endpoint
  const of = (schema: TSchema | undefined, place: 'path' | 'query'): Json[] => {
    const { properties = {}, required = [] } = (schema ?? {}) as {
      properties?: Record<string, TSchema>
      required?: string[]
    }
    return Object.entries(properties).map(([name, property]) => {
      const { description } = property as { description?: string }
      return {
        name,
        in: place,
        required: place === 'path' || required.includes(name),
        ...(description ? { description } : {}),
        schema: named(property, schemas),
      }
    })
  }
  const ifMatch = {
    name: 'If-Match',
    in: 'header',
    required: false,
    description: 'The ETag of the object as this client saw it; refused with 412 when it has changed since.',
    schema: { type: 'string', examples: ['"3"'] },
  }
  return [...of(params, 'path'), ...of(query, 'query'), ...(takesIfMatch(endpoint) ? [ifMatch] : [])]
}

/** One answer per status, with an example for each code that has it. */
function problems(codes: readonly ErrorCode[], responses: Json): Json {
  const byStatus = Map.groupBy(codes.toSorted(), (code) => errorCodes[code].status)
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => {
      const name = ofStatus.join('.')
      responses[name] ??= problem(status, ofStatus)
      return [status, { $ref: `#/components/responses/${name}` }]
    }),
  )
}

function problem(status: number, codes: readonly ErrorCode[]): Json {
  return {
    description: codes.map((code) => `\`${code}\`: ${errorCodes[code].about}`).join('\n\n'),
    ...(status === 429 ? { headers: limitHeaders } : {}),
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(codes.map((code) => [code, { value: problemExample(code) }])),
      },
    },
  }
}

const count = (description: string) => ({ description, schema: { type: 'integer', minimum: 0 } })
const limitHeaders = {
  'Retry-After': count('Seconds until the next request may succeed.'),
  'RateLimit-Limit': count('Requests in one window of the limit that is closest to its end.'),
  'RateLimit-Remaining': count('Requests that are left in the window.'),
  'RateLimit-Reset': count('Seconds until the window ends.'),
}

function problemExample(code: ErrorCode): Json {
  const { status, about } = errorCodes[code]
  const [detail = about] = /^[^.;]*/.exec(about) ?? []
  return { type: 'about:blank', title: code.replaceAll('-', ' '), status, code, detail: `${detail}.` }
}

/** The schema as plain JSON, with every schema that has a title moved among the named ones. */
function named(schema: TSchema, schemas: Json): Json {
  const plain = JSON.parse(JSON.stringify(schema)) as Json
  return hoist(plain, schemas) as Json
}

/** Values, not schemas: whatever they look like. */
const plainKeys = ['examples', 'default', 'const', 'enum']

function hoist(value: unknown, schemas: Json): unknown {
  if (Array.isArray(value)) return value.map((inner) => hoist(inner, schemas))
  if (typeof value !== 'object' || value === null) return value
  const { title, ...rest } = value as Json & { title?: unknown }
  const inner = Object.fromEntries(
    Object.entries(rest).map(([key, part]) => [key, plainKeys.includes(key) ? part : hoist(part, schemas)]),
  )
  if (typeof title !== 'string' || !('type' in rest || 'anyOf' in rest)) {
    return title === undefined ? inner : { title, ...inner }
  }
  const known = schemas[title]
  if (known !== undefined && JSON.stringify(known) !== JSON.stringify(inner)) {
    throw new Error(`two different schemas are called ${title}`)
  }
  schemas[title] = inner
  return { $ref: `#/components/schemas/${title}` }
}

function sorted(record: Json): Json {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
