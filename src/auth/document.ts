import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TObject } from 'typebox'
import { GrantsInput } from '../protocol/grants.ts'
import { RoomTokenClaims, tokenRefusals } from './room-token.ts'

/** Renders docs/tokens.md: prose.md with the tables that follow from the schemas. */
export async function renderTokens(): Promise<string> {
  const prose = await readFile(join(import.meta.dirname, 'prose.md'), 'utf8')
  const { room, ...others } = RoomTokenClaims.properties
  const claims = [
    ...rowsOf(others, RoomTokenClaims.required),
    ...rowsOf({ room }, RoomTokenClaims.required),
    ...rowsOf({ 'room.room': room.properties.room }, ['room.room']),
  ]
  const grants = Object.entries(GrantsInput.properties).map(([name, schema]) => [
    code(name),
    code(String((schema as Facts).default)),
    (schema as Facts).description ?? '',
  ])
  const refusals = Object.entries(tokenRefusals).map(([why, message]) => [code(why), message])
  return prose
    .replace('{claims}', table(['Claim', 'Type', 'Meaning'], claims))
    .replace('{grants}', table(['Grant', 'Default', 'What it allows'], grants))
    .replace('{refusals}', table(['`data.why`', 'Message'], refusals))
}

interface Facts {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
}

function rowsOf(properties: TObject['properties'], required: readonly string[]): string[][] {
  return Object.entries(properties).map(([name, schema]) => {
    const { type = '', description = '' } = schema as Facts
    return [required.includes(name) ? code(name) : `*${code(name)}*`, type, description]
  })
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function code(text: string): string {
  return `\`${text}\``
}
