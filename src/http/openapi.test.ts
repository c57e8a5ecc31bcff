import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { errorCodes } from '../lib/app-error.ts'
import { renderRest } from '../rest-document.ts'
import { endpointsOf } from './api.ts'
import { renderOpenApi } from './openapi.ts'

type Json = Record<string, unknown>

interface Media {
  readonly schema: Json
  readonly example?: unknown
  readonly examples?: Record<string, { value: unknown }>
}
interface Response {
  readonly description?: string
  readonly headers?: Json
  readonly content?: Record<string, Media>
}
interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema: Json
}
interface Operation {
  readonly operationId: string
  readonly tags: string[]
  readonly summary: string
  readonly description: string
  readonly security: Record<string, unknown[]>[]
  readonly parameters: Parameter[]
  readonly requestBody?: { readonly required: boolean; readonly content: Record<string, Media> }
  readonly responses: Record<string, Response | { $ref: string }>
}
interface Document {
  readonly openapi: string
  readonly info: { title: string; version: string }
  readonly tags: { name: string; description: string }[]
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: Record<string, Json>
}

const document = JSON.parse(renderRest()) as Document

const operations = Object.entries(document.paths).flatMap(([path, byMethod]) =>
  Object.entries(byMethod).map(([method, operation]) => ({ path, method, operation })),
)

/** What a reference within the document stands for. */
function resolve<T extends object>(value: T | { $ref: string }): T {
  if (!('$ref' in value)) return value
  const found = value.$ref
    .split('/')
    .slice(1)
    .reduce<unknown>((at, key) => (at as Json | undefined)?.[key], document)
  assert.ok(found, `${value.$ref} leads nowhere`)
  return resolve(found as T)
}

/** The schema with every reference filled in, as a validator wants it. */
function whole(schema: unknown): TSchema {
  if (Array.isArray(schema)) return schema.map(whole) as unknown as TSchema
  if (typeof schema !== 'object' || schema === null) return schema as unknown as TSchema
  const resolved = '$ref' in schema ? resolve(schema as { $ref: string }) : schema
  return Object.fromEntries(
    Object.entries(resolved).map(([key, part]) => [key, whole(part)]),
  ) as unknown as TSchema
}

function assertFits(schema: TSchema, value: unknown, what: string): void {
  const [first] = Value.Errors(schema, value)
  if (first)
    assert.fail(`${what}: ${first.instancePath} ${first.message} in ${JSON.stringify(value).slice(0, 500)}`)
}

test('the document has the form of OpenAPI 3.1', () => {
  const Text = Type.String({ minLength: 1 })
  const Reference = Type.Object(
    { $ref: Type.String({ pattern: '^#/components/' }) },
    { additionalProperties: false },
  )
  const MediaTypes = Type.Record(
    Type.String(),
    Type.Object(
      {
        schema: Type.Unknown(),
        example: Type.Optional(Type.Unknown()),
        examples: Type.Optional(Type.Record(Type.String(), Type.Object({ value: Type.Unknown() }))),
      },
      { additionalProperties: false },
    ),
  )
  const ResponseForm = Type.Object(
    { description: Text, headers: Type.Optional(Type.Unknown()), content: Type.Optional(MediaTypes) },
    { additionalProperties: false },
  )
  const OperationForm = Type.Object(
    {
      operationId: Type.String({ pattern: '^[a-z][A-Za-z0-9]*$' }),
      tags: Type.Array(Text, { minItems: 1, maxItems: 1 }),
      summary: Text,
      description: Text,
      security: Type.Array(Type.Record(Type.String(), Type.Array(Type.String()))),
      parameters: Type.Array(
        Type.Object(
          {
            name: Text,
            in: Type.Union([Type.Literal('path'), Type.Literal('query'), Type.Literal('header')]),
            required: Type.Boolean(),
            description: Type.Optional(Text),
            schema: Type.Unknown(),
          },
          { additionalProperties: false },
        ),
      ),
      requestBody: Type.Optional(
        Type.Object({ required: Type.Boolean(), content: MediaTypes }, { additionalProperties: false }),
      ),
      responses: Type.Record(
        Type.String({ pattern: '^[1-5]\\d\\d$' }),
        Type.Union([Reference, ResponseForm]),
        {
          minProperties: 1,
          additionalProperties: false,
        },
      ),
    },
    { additionalProperties: false },
  )
  const form = Type.Object({
    openapi: Type.Literal('3.1.0'),
    info: Type.Object({ title: Text, version: Text, description: Text }),
    servers: Type.Array(Type.Object({ url: Text }), { minItems: 1 }),
    tags: Type.Array(Type.Object({ name: Text, description: Text })),
    paths: Type.Record(
      Type.String({ pattern: '^/' }),
      Type.Record(Type.String({ pattern: '^(get|post|put|patch|delete)$' }), OperationForm, {
        additionalProperties: false,
      }),
    ),
    components: Type.Object({
      schemas: Type.Record(Type.String({ pattern: '^[A-Za-z0-9._-]+$' }), Type.Unknown(), {
        additionalProperties: false,
      }),
      responses: Type.Record(Type.String({ pattern: '^[A-Za-z0-9._-]+$' }), ResponseForm, {
        additionalProperties: false,
      }),
      securitySchemes: Type.Record(Type.String(), Type.Object({ type: Text })),
    }),
  })
  for (const { path, method, operation } of operations)
    assertFits(OperationForm, operation, `${method} ${path}`)
  assertFits(form, document, 'document')
})

test('every reference leads somewhere, and every named schema and response is used', () => {
  const used = new Set(
    [...JSON.stringify(document).matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)].map(([ref]) => ref),
  )
  const there = new Set(
    ['schemas', 'responses'].flatMap((kind) =>
      Object.keys(document.components[kind]!).map((name) => `"#/components/${kind}/${name}"`),
    ),
  )
  assert.deepEqual(used, there)
})

test('every operation has a name of its own, a known tag and a summary in one line', () => {
  const ids = operations.map(({ operation }) => operation.operationId)
  assert.deepEqual(ids, [...new Set(ids)])
  const tags = new Set(document.tags.map(({ name }) => name))
  for (const { path, operation } of operations) {
    assert.ok(
      operation.tags.every((tag) => tags.has(tag)),
      path,
    )
    assert.ok(
      operation.summary.length <= 120 && !/[\n.]$/.test(operation.summary),
      `${path}: ${operation.summary}`,
    )
  }
})

test('the parameters in a path are the declared ones', () => {
  for (const { path, method, operation } of operations) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    const declared = operation.parameters.filter((parameter) => parameter.in === 'path')
    assert.deepEqual(
      declared.map(({ name }) => name),
      inPath,
      `${method} ${path}`,
    )
    for (const { name, required } of declared) assert.equal(required, true, `${path} ${name}`)
  }
})

test('every error has its code’s status and an example, and those that are always possible are there', () => {
  for (const { path, method, operation } of operations) {
    const codes = Object.entries(operation.responses).flatMap(([status, response]) => {
      const { content } = resolve(response as Response)
      const examples = content?.['application/problem+json']?.examples ?? {}
      if (Number(status) >= 400) assert.ok(Object.keys(examples).length > 0, `${method} ${path} ${status}`)
      for (const [code, { value }] of Object.entries(examples)) {
        assert.equal(errorCodes[code as keyof typeof errorCodes].status, Number(status))
        assertFits(whole(content!['application/problem+json']!.schema), value, code)
      }
      return Object.keys(examples)
    })
    for (const code of ['unauthorized', 'rate-limited', 'unavailable', 'internal']) {
      assert.ok(codes.includes(code), `${method} ${path} has no ${code}`)
    }
    if (operation.security.length > 0) assert.ok(codes.includes('forbidden'), `${method} ${path}`)
    if (operation.parameters.some(({ in: place }) => place === 'path') && !['get', 'put'].includes(method)) {
      assert.ok(codes.includes('bad-request'), `${method} ${path}`)
    }
  }
})

test('every example fits its schema', () => {
  for (const { path, method, operation } of operations) {
    const medias = [
      operation.requestBody?.content,
      ...Object.values(operation.responses).map((response) => resolve(response as Response).content),
    ]
    for (const content of medias) {
      for (const [type, { schema, example }] of Object.entries(content ?? {})) {
        if (type !== 'application/json') continue
        assert.notEqual(example, undefined, `${method} ${path} has no example`)
        assertFits(whole(schema), example, `${method} ${path}`)
      }
    }
    for (const { name, schema } of operation.parameters) {
      const examples = (schema['examples'] ?? []) as unknown[]
      for (const example of examples) assertFits(whole(schema), example, `${method} ${path} ${name}`)
    }
  }
})

test('an example is no schema, whatever it looks like', () => {
  const Meeting = Type.Object(
    {
      title: Type.String(),
      type: Type.String(),
      like: Type.Unknown({
        examples: [{ title: 'Algebra', type: 'video' }],
        default: { title: 'x', type: 'y' },
      }),
    },
    { title: 'Meeting' },
  )
  const endpoints = endpointsOf((api) =>
    api.add(
      'GET',
      '/m',
      'anyone',
      { id: 'm', tag: 'Server', about: 'M.', answer: Meeting },
      async () => undefined,
    ),
  )
  const { components } = renderOpenApi(endpoints, { version: '1' }) as unknown as Document
  assert.deepEqual(Object.keys(components['schemas']!), ['Meeting', 'Problem'])
  const { properties } = components['schemas']!['Meeting'] as { properties: Json }
  assert.deepEqual(properties['like'], {
    examples: [{ title: 'Algebra', type: 'video' }],
    default: { title: 'x', type: 'y' },
  })
})

test('two different schemas of one name are not documented as one', () => {
  const endpoints = endpointsOf((api) => {
    for (const [id, schema] of [
      ['a', Type.String()],
      ['b', Type.Number()],
    ] as const) {
      const answer = Type.Object({ value: schema }, { title: 'Same' })
      api.add('GET', `/${id}`, 'anyone', { id, tag: 'Server', about: 'M.', answer }, async () => undefined)
    }
  })
  assert.throws(() => renderOpenApi(endpoints, { version: '1' }), /two different schemas are called Same/)
})
