import type { TSchema } from 'typebox'

interface Facts {
  readonly type?: string
  readonly examples?: readonly unknown[]
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly TSchema[]
  readonly allOf?: readonly TSchema[]
  readonly properties?: Readonly<Record<string, TSchema>>
  readonly items?: TSchema
  readonly minItems?: number
  readonly format?: string
  readonly minimum?: number
  readonly minLength?: number
}

/** A value that fits the schema: its own examples where it has some, else something plain. For documents. */
export function exampleOf(schema: TSchema): unknown {
  const facts = schema as Facts
  if (facts.examples?.[0] !== undefined) return facts.examples[0]
  if ('const' in facts) return facts.const
  if (facts.default !== undefined) return facts.default
  if (facts.enum) return facts.enum[0]
  if (facts.anyOf) return exampleOf(facts.anyOf[0]!)
  switch (facts.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(facts.properties ?? {}).map(([name, property]) => [name, exampleOf(property)]),
      )
    case 'array':
      return facts.items ? [exampleOf(facts.items)] : []
    case 'integer':
    case 'number':
      return facts.minimum ?? 0
    case 'boolean':
      return true
    case 'null':
      return null
    case 'string':
      if (facts.format === 'date-time') return '2026-11-20T14:05:00.000Z'
      if (facts.format === 'email') return 'ana@example.org'
      return 'text'.padEnd(facts.minLength ?? 0, '.')
    default:
      return {}
  }
}
