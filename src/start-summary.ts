import type { ListenAddress } from '../config/addresses.ts'
import type { Config, HttpConfig } from '../config/schema.ts'
import { hasPasswords } from './auth/accounts.ts'
import type { Secret } from './lib/ids.ts'
import type { WorkerStatus } from '../workers/worker-pool.ts'
import { admitsGuests } from './session/guests.ts'

export interface StartFacts {
  readonly url: string
  readonly config: Config
  readonly file: string | undefined
  readonly binary: { readonly path: string; readonly source: string; readonly version: string }
  readonly workers: readonly WorkerStatus[]
  readonly listen: readonly ListenAddress[]
  readonly version: string
  /** While there is no admin. */
  readonly setUpCode?: Secret | undefined
}

/** The URL people open. */
export function urlOf(http: HttpConfig, at: { port: number; lanAddress?: string | undefined }): string {
  if (http.publicUrl) return http.publicUrl
  const scheme = http.tlsCert ? 'https' : 'http'
  const isAny = ['', '0.0.0.0', '::', '127.0.0.1', '::1'].includes(http.host)
  const host = at.lanAddress ?? (isAny ? 'localhost' : http.host)
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${at.port}`
}

/** What `npm start` ends with: where to go, and what runs. */
export function startSummary(facts: StartFacts): string {
  const { config, workers, listen } = facts
  const cores = workers.map((worker) => worker.core).join(', ')
  const isPinned = workers.every((worker) => worker.pinned)
  const ports =
    config.workers.portBase === 0
      ? 'ports chosen by the system'
      : `UDP and TCP ${range(config.workers.portBase, config.workers.portBase + workers.length - 1)}`
  const addresses = listen.map(({ ip, announcedAddress }) =>
    announcedAddress ? `${ip} as ${announcedAddress}` : ip,
  )
  const rows = [
    ['open', facts.url],
    ['mode', `${config.mode}: ${whoMayEnter(config)}`],
    ...(facts.setUpCode ? [['admin', nobodyYet(facts.url, config, facts.setUpCode)]] : []),
    ['data', config.dataDir],
    ['database', config.database.url === '' ? 'embedded, in the data folder' : 'PostgreSQL'],
    ['mail', whereMailGoes(config, facts.url)],
    ['settings', facts.file ?? 'defaults (config/sluice.sample.yaml shows all)'],
    ['worker', `mediasoup ${facts.binary.version}, ${facts.binary.source}: ${facts.binary.path}`],
    [
      'workers',
      `${workers.length} on ${workers.length === 1 ? 'core' : 'cores'} ${cores}${isPinned ? '' : ' (not pinned)'}`,
    ],
    ['media', `${ports} on ${addresses.join(', ')}`],
  ]
  return `\nSluice ${facts.version}\n${rows.map(([name, value]) => `  ${name!.padEnd(9)} ${value}`).join('\n')}\n`
}

function nobodyYet(url: string, { accounts }: Config, setUpCode: Secret): string {
  if (!hasPasswords(accounts))
    return 'nobody yet: set accounts.adminClaim, or npm run accounts -- role EMAIL admin'
  return `nobody yet: open ${url.replace(/\/$/, '')}/register?setUpCode=${setUpCode.reveal()} to become the first`
}

function whoMayEnter(config: Config): string {
  if (admitsGuests(config)) return 'anybody who reaches this address may enter'
  return 'nobody may enter without a room token (docs/tokens.md)'
}

function whereMailGoes({ mode, mail }: Config, url: string): string {
  if (mail.smtpUrl !== '') return `through ${new URL(mail.smtpUrl).host}`
  if (mode === 'development') return `not sent but shown at ${url.replace(/\/$/, '')}/mails`
  return 'none: nobody can register or reset a password (mail.smtpUrl)'
}

function range(first: number, last: number): string {
  return first === last ? String(first) : `${first}–${last}`
}
