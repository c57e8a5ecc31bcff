import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TSchema } from 'typebox'
import { errorCodes } from '../lib/app-error.ts'
import { closeCodeFor, closeReasons, type CloseReason } from './close-reasons.ts'
import * as grants from './grants.ts'
import * as media from './media.ts'
import * as model from './model.ts'
import { requests } from './requests.ts'
import { notifications, serverRequests } from './server-messages.ts'

/** Renders the protocol document: prose.md, then every message from its schema. */
export async function renderProtocol(): Promise<string> {
  const prose = await readFile(join(import.meta.dirname, 'prose.md'), 'utf8')
  return [
    prose.trimEnd(),
    '## Methods a client calls',
    ...Object.entries(requests).map(([name, facts]) =>
      section(name, `${facts.about}${facts.joined ? ' Needs `join` first.' : ''}`, [
        ['Data', facts.input],
        ['Answer', facts.output],
      ]),
    ),
    '## Requests of the server',
    ...Object.entries(serverRequests).map(([name, facts]) =>
      section(name, facts.about, [
        ['Data', facts.input],
        ['Answer', facts.output],
      ]),
    ),
    '## Notifications of the server',
    'Those marked † are sent only to connections on `/ws`.',
    ...Object.entries(notifications).map(([name, facts]) =>
      section(`${name}${facts.ours ? ' †' : ''}`, facts.about, [['Data', facts.data]]),
    ),
    '## Types',
    ...[...namedTypes.values()].map(({ name, schema }) => typeSection(name, schema)),
    '## Error codes',
    table(
      ['Code', '`errorCode`', 'Meaning'],
      Object.entries(errorCodes).map(([code, facts]) => [`\`${code}\``, String(facts.status), facts.about]),
    ),
    '## Why a connection is closed',
    'The reason is the text of the close frame. Code 4000 is final; after 4001 connecting again makes sense.',
    table(
      ['Reason', 'Code', 'Meaning'],
      Object.entries(closeReasons).map(([reason, facts]) => [
        `\`${reason}\``,
        String(closeCodeFor(reason as CloseReason)),
        facts.about,
      ]),
    ),
  ].join('\n\n')
}

/** Object schemas that get a section of their own and are linked from the fields that have them, by their JSON. */
const namedTypes = new Map<string, { readonly name: string; readonly schema: TSchema }>(
  Object.entries<unknown>({ ...media, ...model, ...grants })
    .filter(
      (entry): entry is [string, TSchema] =>
        isSchema(entry[1]) && ['object', 'array'].includes(typeOf(entry[1])),
    )
    .map(([name, schema]) => [JSON.stringify(schema), { name, schema }]),
)

function isSchema(value: unknown): value is TSchema {
  return typeof value === 'object' && value !== null && 'type' in value
}

function nameOf(schema: TSchema): string | undefined {
  return namedTypes.get(JSON.stringify(schema))?.name
}

interface Json {
  readonly type?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, TSchema>>
  readonly required?: readonly string[]
  readonly items?: TSchema
  readonly anyOf?: readonly TSchema[]
  readonly enum?: readonly string[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly maxItems?: number
}

function typeOf(schema: TSchema): string {
  return (schema as Json).type ?? ''
}

function section(name: string, about: string, parts: [string, TSchema][]): string {
  return [`### ${name}`, about, ...parts.map(([title, schema]) => titled(title, fields(schema)))].join('\n\n')
}

function titled(title: string, text: string): string {
  return text.startsWith('|') ? `${title}:\n\n${text}` : `${title}: ${text}`
}

function typeSection(name: string, schema: TSchema): string {
  const { description } = schema as Json
  return [`### ${name}`, ...(description ? [description] : []), fields(schema)].join('\n\n')
}

function fields(schema: TSchema): string {
  const { properties = {}, required = [], items } = schema as Json
  if (items) return `a list of ${shape(items)}`
  const names = Object.keys(properties)
  if (names.length === 0) return 'properties' in schema ? 'empty.' : 'any JSON object.'
  return table(
    ['Field', 'Shape', 'Meaning'],
    names.map((name) => {
      const field = properties[name]!
      const optional = required.includes(name) ? '' : '?'
      const about = nameOf(field) ? '' : ((field as Json).description ?? '')
      return [`\`${name}\`${optional}`, shape(field), about]
    }),
  )
}

/** One line for the shape of a field: its type with bounds, or a link. */
function shape(schema: TSchema): string {
  const name = nameOf(schema)
  if (name) return `[${name}](#${name.toLowerCase()})`
  const json = schema as Json
  if (json.anyOf) return json.anyOf.map(shape).join(' or ')
  if (json.enum) return json.enum.map((value) => `\`${value}\``).join(', ')
  if ('const' in json) return `\`${JSON.stringify(json.const).replaceAll('"', '')}\``
  if (json.items) return `list of ${shape(json.items)}${json.maxItems ? `, at most ${json.maxItems}` : ''}`
  if (json.type === 'object' && json.properties) {
    const { properties, required = [] } = json
    const inner = Object.entries(properties).map(
      ([field, value]) => `\`${field}\`${required.includes(field) ? '' : '?'}: ${shape(value)}`,
    )
    return `{ ${inner.join('; ')} }`
  }
  const bounds = boundsOf(json)
  const types: Record<string, string> = {
    string: 'text',
    integer: 'whole number',
    number: 'number',
    boolean: 'true or false',
    object: 'object',
    null: 'null',
  }
  return `${types[json.type ?? ''] ?? 'anything'}${bounds ? ` (${bounds})` : ''}`
}

function boundsOf(json: Json): string {
  if (json.minimum !== undefined || json.maximum !== undefined)
    return `${json.minimum ?? ''}–${json.maximum ?? ''}`
  if (json.maxLength !== undefined) return `${json.minLength ?? 0}–${json.maxLength} characters`
  return ''
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
