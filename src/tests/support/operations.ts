import fc from 'fast-check'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'

/** The REST API as its document describes it, for tests of all of it. */

export interface Operation {
  readonly id: string
  readonly method: string
  /** `/meetings/{meetingId}`, below `/api/v1`. */
  readonly path: string
  readonly tag: string
  readonly parameters: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly schema: Facts
  }[]
  readonly body: Facts | undefined
  readonly answers: Readonly<Record<string, DocumentedAnswer>>
}

export interface DocumentedAnswer {
  /** Media type and schema; undefined where nothing is sent. */
  readonly content: { readonly type: string; readonly schema: TSchema } | undefined
  /** Codes of a problem. */
  readonly codes: readonly string[]
}

/** What a JSON schema says, as far as ours go. */
export interface Facts {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Facts[]
  readonly examples?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Facts>>
  readonly required?: readonly string[]
  readonly items?: Facts
  readonly minItems?: number
  readonly maxItems?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly format?: string
  readonly pattern?: string
}

type Json = Record<string, unknown>

/** Reads what a server says of itself. */
export async function readOperations(url: string): Promise<readonly Operation[]> {
  const document = (await (await fetch(`${url}/api/docs/json`)).json()) as {
    paths: Record<string, Record<string, Json>>
  }
  const whole = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(whole)
    if (typeof value !== 'object' || value === null) return value
    const { $ref } = value as { $ref?: unknown }
    if (typeof $ref !== 'string')
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, whole(part)]))
    const keys = $ref.split('/').slice(1)
    return whole(keys.reduce<unknown>((at, key) => (at as Json)[key], document))
  }
  return Object.entries(document.paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => {
      const { operationId, tags, parameters, requestBody, responses } = whole(operation) as {
        operationId: string
        tags: string[]
        parameters: Operation['parameters']
        requestBody?: { content: Record<string, { schema: Facts }> }
        responses: Record<string, { content?: Record<string, { schema: TSchema; examples?: Json }> }>
      }
      return {
        id: operationId,
        method: method.toUpperCase(),
        path: path.replace('/api/v1', ''),
        tag: tags[0]!,
        parameters,
        body: requestBody?.content['application/json']?.schema,
        answers: Object.fromEntries(
          Object.entries(responses).map(([status, { content = {} }]) => {
            const [type, media] = Object.entries(content)[0] ?? []
            return [
              status,
              {
                content: media && { type: type!, schema: media.schema },
                codes: Object.keys(media?.examples ?? {}),
              },
            ]
          }),
        ),
      }
    }),
  )
}

/** What is wrong with an answer according to the document; undefined when nothing is. */
export function complaintAbout(
  operation: Operation,
  answer: { readonly status: number; readonly type: string; readonly text: string },
): string | undefined {
  const documented = operation.answers[answer.status]
  if (!documented) return `status ${answer.status} is not documented`
  if (answer.status === 500) return 'a fault of the server'
  const { content, codes } = documented
  if (content === undefined) return answer.text === '' ? undefined : 'has a body'
  if (content.type === '*/*') return answer.status < 400 ? undefined : 'is no problem'
  if (!answer.type.startsWith(content.type)) return `is ${answer.type} and not ${content.type}`
  if (!/json/.test(content.type)) return undefined
  const body = JSON.parse(answer.text) as Json
  const [first] = Value.Errors(content.schema, body)
  if (first) return `does not fit: ${first.instancePath} ${first.message}`
  if (answer.status < 400) return undefined
  return codes.includes(String(body['code'])) ? undefined : `code ${String(body['code'])} is not documented`
}

/** How values are made up. */
export interface Making {
  /** meant: mostly the examples of the document. fitting: what the schema allows. wild: anything among that. */
  readonly how: 'meant' | 'fitting' | 'wild'
  /** Texts that mean something here: ids, codes, addresses. */
  readonly known: readonly string[]
}

/** Values for a schema. */
export function valuesFor(facts: Facts, making: Making): fc.Arbitrary<unknown> {
  const fitting = fittingFor(facts, making)
  return making.how === 'wild'
    ? fc.oneof({ weight: 6, arbitrary: fitting }, { weight: 1, arbitrary: junk })
    : fitting
}

const nasty = fc.constantFrom(
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '..%2f..',
  "'; drop table accounts; --",
  '%',
  '_',
  '\\',
  '<script>',
  '\u202e',
  'é'.repeat(300),
  'x'.repeat(5000),
  '__proto__',
  'null',
  '0',
  '-1',
  '1e400',
  'undefined',
  'a@b',
  '2026-02-30T25:61:61Z',
  '9999-12-31T23:59:59-23:59',
  'FREQ=SECONDLY',
  'FREQ=DAILY;COUNT=99999999',
  'Europe/Nowhere',
)

const junk: fc.Arbitrary<unknown> = fc.oneof(
  nasty,
  fc.constantFrom(null, true, [], {}, [[]], -1, 0, 1e308, -0.5, Number.MAX_SAFE_INTEGER, { __proto__: 1 }),
  fc.json({ maxDepth: 4 }).map((text) => JSON.parse(text) as unknown),
  fc.string({ unit: 'binary' }),
  fc.constant(Array.from({ length: 40 }).reduce<unknown>((inner) => ({ inner }), 1)),
)

function fittingFor(facts: Facts, making: Making): fc.Arbitrary<unknown> {
  const { examples = [] } = facts
  const made = madeFor(facts, making)
  if (examples.length === 0) return made
  const kin = making.known.filter((text) => examples.some((example) => isKin(text, example)))
  return fc.oneof(
    {
      weight: making.how === 'meant' ? 12 : 1,
      arbitrary: fc.constantFrom(...(kin.length > 0 ? kin : examples)),
    },
    { weight: 1, arbitrary: made },
  )
}

/** Whether this is an id of the kind of which the example is one: `acc_…`. */
export function isKin(text: string, example: unknown): boolean {
  const kind = /^[a-z]+_/.exec(String(example))?.[0]
  return kind !== undefined && text.startsWith(kind)
}

function madeFor(facts: Facts, making: Making): fc.Arbitrary<unknown> {
  if ('const' in facts) return fc.constant(facts.const)
  if (facts.enum) return fc.constantFrom(...facts.enum)
  if (facts.anyOf) return fc.oneof(...facts.anyOf.map((one) => valuesFor(one, making)))
  const { minimum = -1_000_000, maximum = 1_000_000 } = facts
  switch (facts.type) {
    case 'object':
      return objects(facts, making)
    case 'array':
      return fc.array(valuesFor(facts.items ?? {}, making), {
        minLength: facts.minItems ?? 0,
        maxLength: Math.min(facts.maxItems ?? 3, 3),
      })
    case 'integer':
      return fc.oneof(fc.integer({ min: minimum, max: maximum }), fc.constantFrom(minimum, maximum))
    case 'number':
      return fc.double({ min: minimum, max: maximum, noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'string':
      return texts(facts, making)
    default:
      return fc.oneof(fc.string(), fc.integer(), fc.dictionary(fc.string(), fc.string()))
  }
}

function texts(facts: Facts, { known }: Making): fc.Arbitrary<string> {
  const { minLength = 0, maxLength = 40, format, pattern } = facts
  if (format === 'email') {
    const local = fc.stringMatching(/^[a-z]{1,8}$/)
    const addresses = known.filter((text) => text.includes('@'))
    return fc.oneof(
      local.map((name) => `${name}@example.org`),
      fc.constantFrom('x@example.org', ...addresses),
    )
  }
  if (format === 'date-time') {
    return fc
      .date({ min: new Date('2020-01-01'), max: new Date('2035-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString())
  }
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern))
  const plain = fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, minLength + 30) })
  const fitting = known.filter((text) => text.length >= minLength && text.length <= maxLength)
  return fitting.length === 0 ? plain : fc.oneof(plain, fc.constantFrom(...fitting))
}

function objects(facts: Facts, making: Making): fc.Arbitrary<unknown> {
  const { properties = {}, required = [] } = facts
  const made = fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, valuesFor(of, making)])),
    { requiredKeys: [...required] },
  )
  if (making.how !== 'wild') return made
  const extra = fc.dictionary(fc.string({ maxLength: 10 }), junk, { maxKeys: 1 })
  return fc.oneof(
    { weight: 4, arbitrary: made },
    {
      weight: 1,
      arbitrary: fc.tuple(made, extra).map(([value, more]) => ({ ...(value as object), ...more })),
    },
  )
}
