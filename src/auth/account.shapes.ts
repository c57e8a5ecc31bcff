import { Type } from 'typebox'
import { Email, Id, Moment, Role, Version } from '../protocol/rest.ts'
import type { Account } from './accounts.ts'
import { passwordMaxLength } from './password-rules.ts'

/** What REST endpoints about accounts have in common. */

export const accountId = Id('an account', 'acc_4fGhT0pQx2Lm8sKd')

export const Settings = Type.Object(
  {
    timeZone: Type.Optional(
      Type.String({
        maxLength: 64,
        description: 'IANA name of the time zone that times are shown in.',
        examples: ['Europe/Madrid'],
      }),
    ),
    language: Type.Optional(
      Type.String({
        maxLength: 35,
        pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$',
        description: 'BCP 47.',
        examples: ['en-GB'],
      }),
    ),
    mailInvitations: Type.Optional(
      Type.Boolean({ description: 'Whether invitations to meetings come by mail, too.', examples: [true] }),
    ),
  },
  { title: 'AccountSettings', additionalProperties: false },
)

export const AccountShape = Type.Unsafe<Account>(
  Type.Object(
    {
      id: accountId,
      email: Email,
      emailVerified: Type.Boolean({ examples: [true] }),
      name: Type.String({ examples: ['Ana Ruiz'] }),
      role: Role,
      createdAt: Moment('When it was made.'),
      consentAt: Type.Optional(Moment('When its owner agreed to the terms of this server.')),
      secondFactor: Type.Boolean({ description: 'Whether log-ins need a code, too.', examples: [false] }),
      hasPassword: Type.Boolean({
        description: 'Whether it has a password of this server.',
        examples: [true],
      }),
      disabled: Type.Boolean({ description: 'A disabled account cannot be used.', examples: [false] }),
      settings: Settings,
      version: Version,
    },
    { title: 'Account' },
  ),
)

export const AccountName = Type.String({
  minLength: 1,
  maxLength: 1024,
  description: 'Name shown to others, up to `limits.nameLength` characters.',
  examples: ['Ana Ruiz'],
})

/** One that is checked, not chosen. */
export const Password = Type.String({
  minLength: 1,
  maxLength: passwordMaxLength,
  examples: ['correct horse battery staple'],
})

export const NewPassword = Type.String({
  minLength: 1,
  maxLength: passwordMaxLength,
  description:
    'At least `passwordMinLength` characters (see `getServer`), and none of those everybody thinks of.',
  examples: ['correct horse battery staple'],
})

export const Code = Type.String({
  minLength: 6,
  maxLength: 32,
  description: 'Six digits of the authenticator app, or a recovery code.',
  examples: ['492039'],
})

/** Of a link in a mail. */
export const LinkToken = Type.String({
  minLength: 1,
  maxLength: 128,
  description: '`token` of the link in the mail.',
  examples: ['Xy3vQ8sKx1LmT0aBq9Rf5Wd7Zc2Nh6Ju4Gk0Pe8Ys1A'],
})
