import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import ts from 'typescript'

/** The types of this app are written by hand; the server's document is what is true. */

interface Schema {
  readonly type?: string
  readonly $ref?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

/** Type here: named schema in docs/openapi.json. */
const same = {
  ServerInfo: 'Server',
  Account: 'Account',
  SessionAnswer: 'Session',
  AccountSession: 'AccountSession',
  SecondFactorStart: 'SecondFactorSetUp',
  RecoveryCodes: 'RecoveryCodes',
  ApiKey: 'ApiKey',
  NewApiKey: 'NewApiKey',
  AuditEntry: 'AuditEntry',
  LiveRoom: 'Room',
  LiveParticipant: 'Participant',
  Meeting: 'Meeting',
  MeetingByCode: 'MeetingSummary',
  MeetingJoin: 'JoinedMeeting',
  AttendanceSession: 'MeetingSession',
  Call: 'Call',
  Recording: 'Recording',
  RecordingFile: 'RecordingFile',
  RecordingOutput: 'RecordingOutput',
  RecordingTrack: 'RecordingTrack',
  RecordingShare: 'RecordingShare',
  SharedRecording: 'SharedRecording',
}

const project = join(import.meta.dirname, '..', '..', '..')
const document = JSON.parse(readFileSync(join(project, 'docs', 'openapi.json'), 'utf8')) as {
  components: { schemas: Record<string, Schema> }
}
const file = join(import.meta.dirname, 'types.ts')
const program = ts.createProgram([file], {
  strict: true,
  exactOptionalPropertyTypes: true,
  target: ts.ScriptTarget.ES2022,
  noEmit: true,
})
const checker = program.getTypeChecker()

for (const [name, schemaName] of Object.entries(same)) {
  test(`${name} is what the server answers as ${schemaName}`, () => {
    const schema = document.components.schemas[schemaName]
    assert.ok(schema, `docs/openapi.json has no ${schemaName}`)
    assert.deepEqual(differences(typeOf(name), schema, name), [])
  })
}

function typeOf(name: string): ts.Type {
  const source = program.getSourceFile(file)
  const declared = source?.statements.find(
    (statement): statement is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  )
  assert.ok(declared, `types.ts has no ${name}`)
  return checker.getTypeAtLocation(declared.name)
}

/** Where this app expects what the server does not promise. Less than the server says is fine. */
function differences(type: ts.Type, given: Schema, at: string): string[] {
  const schema = resolved(given)
  const literals = literalsOf(schema)
  if (literals) {
    if (!isLiterals(type))
      return isKind(type, typeof literals[0]) ? [] : [`${at} is one of ${literals.join(', ')}`]
    const known = (type.isUnion() ? type.types : [type]).map((one) => (one as ts.LiteralType).value)
    return literals
      .filter((value) => !known.includes(value as string))
      .map((value) => `${at} may be ${value}`)
  }
  switch (schema.type) {
    case 'object':
      return propertiesOf(type, schema, at)
    case 'array': {
      if (checker.isTupleType(type)) return []
      const [item] = checker.isArrayType(type) ? checker.getTypeArguments(type as ts.TypeReference) : []
      return item && schema.items ? differences(item, schema.items, `${at}[]`) : [`${at} is a list`]
    }
    case 'integer':
    case 'number':
      return isKind(type, 'number') ? [] : [`${at} is a number`]
    case 'string':
    case 'boolean':
      return isKind(type, schema.type) ? [] : [`${at} is a ${schema.type}`]
    default:
      return []
  }
}

function propertiesOf(type: ts.Type, schema: Schema, at: string): string[] {
  return checker.getPropertiesOfType(type).flatMap((property) => {
    const where = `${at}.${property.name}`
    const inner = schema.properties?.[property.name]
    if (!inner) return [`${where} is not answered`]
    const optional = (property.flags & ts.SymbolFlags.Optional) !== 0
    if (!optional && !schema.required?.includes(property.name)) return [`${where} may be left out`]
    const found = checker.getTypeOfSymbol(property)
    return differences(optional ? checker.getNonNullableType(found) : found, inner, where)
  })
}

function resolved(schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1)
  return name === undefined ? schema : (document.components.schemas[name] ?? {})
}

function literalsOf({ enum: values, anyOf, const: only }: Schema): readonly unknown[] | undefined {
  if (values) return values
  if (only !== undefined) return [only]
  return anyOf?.every((one) => one.const !== undefined) ? anyOf.map((one) => one.const) : undefined
}

function isLiterals(type: ts.Type): boolean {
  return (type.isUnion() ? type.types : [type]).every((one) => one.isStringLiteral() || one.isNumberLiteral())
}

function isKind(type: ts.Type, kind: string): boolean {
  return checker.typeToString(checker.getBaseTypeOfLiteralType(type)) === kind
}
