import { Type, type Static, type TObject, type TSchema } from 'typebox'

/** Shapes that many REST endpoints share. A schema with a `title` becomes a named type of the API document. */

export const roles = ['admin', 'host', 'member'] as const
export const Role = Type.Unsafe<(typeof roles)[number]>({
  type: 'string',
  enum: [...roles],
  description:
    'admin: everything, other accounts too. host: may create meetings. member: may take part in what they are invited to.',
})
export type Role = Static<typeof Role>

/** One of some texts, as an enumeration: generated clients make a type of it. */
export const oneOf = <const T extends readonly string[]>(values: T, description: string) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values], description })

/** A moment in an answer: ISO 8601 in UTC, as `Date.toISOString` writes it. */
export const Moment = (description: string) =>
  Type.String({ format: 'date-time', description, examples: ['2026-11-20T14:05:00.000Z'] })

/** A moment somebody sends: ISO 8601 with an offset or Z. Only such as `Date` and PostgreSQL know: no leap seconds. */
export const MomentInput = (description: string) =>
  Type.String({
    format: 'date-time',
    pattern: '^[12]\\d{3}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:[0-5]',
    maxLength: 40,
    description,
    examples: ['2026-11-20T14:05:00.000Z'],
  })

/** Without the quoted form: nobody has such an address, and the line breaks it may hold would be lines of calendars. */
export const Email = Type.String({
  format: 'email',
  pattern: '^[^"\\s]+$',
  maxLength: 254,
  description: 'E-mail address; upper and lower case are the same.',
  examples: ['ana@example.org'],
})

/** An id that this server made. */
export const Id = (what: string, example: string) =>
  Type.String({ minLength: 1, maxLength: 64, description: `Id of ${what}.`, examples: [example] })

export const PageQuery = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100, default: 50, description: 'Most items in the answer.' }),
  ),
  cursor: Type.Optional(
    Type.String({ maxLength: 512, description: '`next` of the page before.', examples: ['WyIyMDI2Il0'] }),
  ),
}
export const defaultPageLimit = 50

export const Page = <T extends TSchema>(item: T) =>
  Type.Object({
    items: Type.Array(item),
    next: Type.Optional(
      Type.String({ description: 'Give it as `cursor` to get what follows. Left out on the last page.' }),
    ),
  })

/** For lost updates: what `If-Match` is compared with. */
export const Version = Type.Integer({
  minimum: 1,
  description:
    'Grows with every change. Also the ETag: send it as If-Match to change only what you have seen.',
  examples: [3],
})

/** An input in which unknown fields are refused, so that a misspelt one is not ignored. */
export const Input = <P extends TObject['properties']>(properties: P, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description ? { description } : {}) })

/** RFC 9457. */
export const Problem = Type.Object(
  {
    type: Type.Literal('about:blank'),
    title: Type.String({ description: 'The code in words.' }),
    status: Type.Integer(),
    code: Type.String({ description: 'What programs look at.' }),
    detail: Type.String({ description: 'For people.' }),
    data: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
    ),
  },
  { title: 'Problem', description: 'What went wrong (RFC 9457).' },
)
