import { Type } from 'typebox'
import type { Config } from '../../config/schema.ts'
import { hasPasswords, registrationOf } from '../auth/accounts.ts'
import { keepsMails } from '../mail/kept-mails.ts'
import { admitsGuests } from '../session/guests.ts'
import { apiPrefix, type Api } from './api.ts'

export interface ServerParts {
  readonly config: Config
  readonly version: string
  /** Whether there is no admin yet. */
  readonly setUpNeeded: () => Promise<boolean>
}

const Accounts = Type.Object({
  enabled: Type.Boolean({ description: 'Whether people can log in at all.', examples: [true] }),
  registration: Type.Union([Type.Literal('open'), Type.Literal('invited'), Type.Literal('closed')], {
    description: 'Who may register: anybody, who was invited, nobody.',
    examples: ['open'],
  }),
  passwords: Type.Boolean({ description: 'Whether there are passwords of this server.', examples: [true] }),
  external: Type.Optional(
    Type.Object(
      {
        name: Type.String({ examples: ['login.example.org'] }),
        startUrl: Type.String({ examples: [`${apiPrefix}/auth/external/start`] }),
      },
      { description: 'The issuer that people can log in through.' },
    ),
  ),
  verifyEmail: Type.Boolean({
    description: 'Whether who registers has to open a mail before they can log in.',
    examples: [true],
  }),
  setUpNeeded: Type.Boolean({
    description: 'Whether there is no admin yet; the start prints a set-up code.',
    examples: [false],
  }),
})

/** What a client has to know of this server before anybody logged in. */
export function serverRoutes(api: Api, { config, version, setUpNeeded }: ServerParts): void {
  const { mode, accounts } = config
  api.add(
    'GET',
    '/server',
    'anyone',
    {
      id: 'getServer',
      tag: 'Server',
      about: 'What this server offers to whom.',
      answer: Type.Object(
        {
          version: Type.String({ examples: ['1.0.0'] }),
          mode: Type.Unsafe<Config['mode']>({ type: 'string', enum: ['development', 'production'] }),
          guests: Type.Boolean({
            description: 'Whether rooms can be entered without a token.',
            examples: [false],
          }),
          accounts: Accounts,
          mails: Type.Boolean({
            description:
              'Whether mails leave or are kept for reading. Without them invitations and links are handed on by people.',
            examples: [true],
          }),
          keptMails: Type.Optional(
            Type.String({
              description: 'Where mails are shown that would have been sent (development).',
              examples: ['/mails'],
            }),
          ),
          passwordMinLength: Type.Integer({ examples: [10] }),
        },
        { title: 'Server' },
      ),
    },
    async () => ({
      version,
      mode,
      guests: admitsGuests(config),
      accounts: {
        enabled: hasPasswords(accounts) || accounts.issuer !== '',
        registration: registrationOf(config),
        passwords: hasPasswords(accounts),
        ...(accounts.issuer === ''
          ? {}
          : {
              external: {
                name: accounts.issuerName || new URL(accounts.issuer).hostname,
                startUrl: `${apiPrefix}/auth/external/start`,
              },
            }),
        verifyEmail: accounts.verifyEmail,
        setUpNeeded: await setUpNeeded(),
      },
      mails: config.mail.smtpUrl !== '' || keepsMails(config),
      ...(keepsMails(config) ? { keptMails: '/mails' } : {}),
      passwordMinLength: accounts.passwordMinLength,
    }),
  )
}
