import type { TObject, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { settings, type Config } from './schema.ts'

/** `http.port`, `dataDir`, …: every path of the schema. */
export type SettingPath = {
  [G in keyof Config]: Config[G] extends string | number | boolean | readonly unknown[]
    ? G
    : `${G}.${Extract<keyof Config[G], string>}`
}[keyof Config]

export type SettingValue = string | number | boolean | readonly (string | number)[]
export type SettingKind = 'text' | 'choice' | 'integer' | 'number' | 'boolean' | 'list'

/** One line of the schema, in the form in which the loader and the documents need it. */
export interface Setting {
  readonly path: string
  /** The group (`http`), or undefined for a setting of the top level. */
  readonly group: string | undefined
  /** Its own name inside the group. */
  readonly name: string
  readonly environment: string
  /** The variable that the rest of the world uses; ours comes before it. */
  readonly knownAs: string | undefined
  readonly kind: SettingKind
  readonly default: SettingValue
  readonly description: string
  /** What its value may be, as a phrase: `a whole number from 0 to 65535`. */
  readonly allowed: string
  /** The value is never printed. */
  readonly secret: boolean
  /** The value is a path and is made absolute, seen from the working directory. */
  readonly isPath: boolean
  readonly accepts: (value: unknown) => value is SettingValue
  /** Reads the text of an environment variable. Undefined when the text cannot be one of this kind. */
  readonly parse: (text: string) => SettingValue | undefined
}

export interface SettingGroup {
  readonly name: string
  readonly description: string
}

/** What the schema says of one setting, whatever its type. */
interface Facts {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly items?: Facts
  readonly default?: SettingValue
  readonly description?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly minItems?: number
  readonly uniqueItems?: boolean
  readonly secret?: boolean
  readonly path?: boolean
  readonly knownAs?: string
}

export function listSettings(schema: TObject = settings): readonly Setting[] {
  return Object.entries(schema.properties).flatMap(([name, part]) =>
    isGroup(part)
      ? Object.entries(part.properties).map(([inner, leaf]) => toSetting(name, inner, leaf))
      : [toSetting(undefined, name, part)],
  )
}

export function listGroups(schema: TObject = settings): readonly SettingGroup[] {
  return Object.entries(schema.properties)
    .filter(([, part]) => isGroup(part))
    .map(([name, part]) => ({ name, description: factsOf(part).description ?? '' }))
}

/** `limits.peersPerRoom` is SLUICE_LIMITS_PEERS_PER_ROOM. */
export function environmentName(path: string): string {
  const words = path.replaceAll('.', '_').replace(/([a-z0-9])([A-Z])/g, '$1_$2')
  return `SLUICE_${words.toUpperCase()}`
}

/** A value as a person may read it. */
export function printable(setting: Setting, value: unknown): string {
  return setting.secret ? '[secret]' : JSON.stringify(value)
}

/** The value of a setting inside a configuration. */
export function valueOf(config: Config, setting: Setting): SettingValue {
  const tree = config as unknown as Record<string, SettingValue & Record<string, SettingValue>>
  return (
    setting.group === undefined ? tree[setting.name] : tree[setting.group]?.[setting.name]
  ) as SettingValue
}

function isGroup(schema: TSchema): schema is TObject {
  return factsOf(schema).type === 'object'
}

function factsOf(schema: TSchema): Facts {
  return schema as Facts
}

function toSetting(group: string | undefined, name: string, schema: TSchema): Setting {
  const facts = factsOf(schema)
  const path = group === undefined ? name : `${group}.${name}`
  if (facts.default === undefined) throw new Error(`The setting ${path} has no default in the schema.`)
  return {
    path,
    group,
    name,
    environment: environmentName(path),
    knownAs: facts.knownAs,
    kind: kindOf(facts),
    default: facts.default,
    description: facts.description ?? '',
    allowed: allowedText(facts, name),
    secret: facts.secret === true,
    isPath: facts.path === true,
    accepts: (value): value is SettingValue => Value.Check(schema, value),
    parse: (text) => parseText(facts, text),
  }
}

function kindOf(facts: Facts): SettingKind {
  if (facts.enum) return 'choice'
  if (facts.type === 'integer' || facts.type === 'number' || facts.type === 'boolean') return facts.type
  return facts.type === 'array' ? 'list' : 'text'
}

function allowedText(facts: Facts, name: string): string {
  switch (kindOf(facts)) {
    case 'choice':
      return facts.enum?.join(', ') ?? ''
    case 'integer':
      return `a whole number from ${facts.minimum} to ${facts.maximum}${unitOf(name)}`
    case 'number':
      return `a number from ${facts.minimum} to ${facts.maximum}${unitOf(name)}`
    case 'boolean':
      return 'true or false'
    case 'text':
      if (facts.path) return facts.minLength ? 'a path' : 'a path, or empty'
      return facts.minLength ? 'text that is not empty' : 'text, or empty'
    case 'list': {
      const items = facts.items ?? {}
      const of = items.enum
        ? `of ${items.enum.join(', ')}`
        : `of ${items.type === 'integer' ? `whole numbers from ${items.minimum} to ${items.maximum}` : 'texts'}`
      const rules = [
        facts.minItems ? `at least ${facts.minItems}` : '',
        facts.uniqueItems ? 'none twice' : '',
      ]
      return [`a list ${of}`, ...rules.filter(Boolean)].join('; ')
    }
  }
}

/** The unit stands at the end of a setting's name. */
function unitOf(name: string): string {
  if (name.endsWith('Ms')) return ' (milliseconds)'
  if (name.endsWith('Bps')) return ' (bits per second)'
  if (/bytes$/i.test(name)) return ' (bytes)'
  if (name.endsWith('Seconds')) return ' (seconds)'
  return ''
}

function parseText(facts: Facts, text: string): SettingValue | undefined {
  switch (kindOf(facts)) {
    case 'integer':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined
    case 'number':
      return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : undefined
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined
    case 'list': {
      if (text.trim() === '') return []
      const parts = text.split(',').map((part) => part.trim())
      if (facts.items?.type !== 'integer') return parts
      return parts.every((part) => /^\d{1,15}$/.test(part)) ? parts.map(Number) : undefined
    }
    case 'choice':
    case 'text':
      return text
  }
}
