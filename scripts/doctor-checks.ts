import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { constants } from 'node:fs'
import { access, readFile, stat, statfs } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { createServer, isIPv6 } from 'node:net'
import { availableMemory } from 'node:process'
import { dirname } from 'node:path'
import { text as bodyText } from 'node:stream/consumers'
import { addressKind, httpHost, isTls, type ListenAddress } from '../config/addresses.ts'
import { certificateCovers } from '../config/lan.ts'
import type { Config, HttpConfig } from '../config/schema.ts'
import pg from 'pg'
import { openObjectStore } from '../recorder/storage/object-store.ts'
import { createLog } from '../src/lib/log.ts'
import { SmtpDelivery } from '../src/mail/smtp.ts'
import { socketBufferBytes } from '../workers/ports.ts'

/** The single checks of the doctor. Each looks at one thing, changes nothing, and says what to do. */

export interface Finding {
  /** ok: fine. warn: works, not as well as it could or not for everybody. bad: Sluice would not start or not work. */
  readonly status: 'ok' | 'warn' | 'bad'
  readonly text: string
  /** What to do about it. */
  readonly advice?: string
}

export const ok = (text: string): Finding => ({ status: 'ok', text })
export const warn = (text: string, advice: string): Finding => ({ status: 'warn', text, advice })
export const bad = (text: string, advice: string): Finding => ({ status: 'bad', text, advice })

const mebibyte = 1024 * 1024

// Ports

export async function checkHttpPort(config: Config): Promise<{ finding: Finding; sluiceRuns: boolean }> {
  const { port } = config.http
  if (port === 0) return { finding: ok('HTTP: the system will choose a port.'), sluiceRuns: false }
  const host = httpHost(config)
  const where = `HTTP port ${port} on ${host}`
  const code = await tcpBindError(host, port)
  if (code === undefined) return { finding: ok(`${where} is free.`), sluiceRuns: false }
  if (code === 'EADDRINUSE' && (await answersHealthz(config.http, host))) {
    return { finding: ok(`${where} is held by a running Sluice.`), sluiceRuns: true }
  }
  return {
    finding: bad(
      `${where} cannot be used: ${bindProblem(code)}.`,
      bindAdvice(code, 'http.port', 'http.host'),
    ),
    sluiceRuns: false,
  }
}

export async function checkMediaPorts(
  listen: readonly ListenAddress[],
  portBase: number,
  workers: number,
  sluiceRuns: boolean,
): Promise<Finding> {
  if (portBase === 0) return ok('Media: the system will choose ports.')
  const ports = Array.from({ length: workers }, (_, index) => portBase + index)
  const range = ports.length === 1 ? `port ${portBase}` : `ports ${portBase} to ${portBase + workers - 1}`
  const addresses = listen.map(({ ip }) => ip).join(', ')
  const taken: { name: string; code: string }[] = []
  for (const { ip } of listen) {
    for (const port of ports) {
      for (const [protocol, bindError] of [
        ['UDP', udpBindError],
        ['TCP', tcpBindError],
      ] as const) {
        // Media on :: leaves IPv4 to the other entries.
        const code = await bindError(ip, port, ip === '::')
        if (code !== undefined) taken.push({ name: `${protocol} ${port}`, code })
      }
    }
  }
  const [first] = taken
  if (first === undefined) {
    const local = listen.every(({ ip }) => addressKind(ip) === 'loopback')
    return ok(
      `Media ${range} (UDP and TCP) on ${addresses}: free.${local ? '' : ' The firewall must let them in.'}`,
    )
  }
  if (sluiceRuns && taken.every(({ code }) => code === 'EADDRINUSE')) {
    return ok(`Media ${range} (UDP and TCP) on ${addresses}: held by the running Sluice.`)
  }
  const names = [...new Set(taken.map(({ name }) => name))].join(', ')
  const reserve = `If nothing should be there, reserve them: sysctl -w net.ipv4.ip_local_reserved_ports=${portBase}-${portBase + workers - 1}`
  return bad(
    `Media ${range} on ${addresses}: ${names} cannot be used, ${bindProblem(first.code)}.`,
    `${bindAdvice(first.code, 'workers.portBase', 'workers.listen')}${first.code === 'EADDRINUSE' ? ` ${reserve}` : ''}`,
  )
}

function bindProblem(code: string): string {
  if (code === 'EADDRINUSE') return 'another program has it'
  if (code === 'EACCES') return 'it needs privileges (below 1024)'
  if (code === 'EADDRNOTAVAIL') return 'this host does not have that address'
  return code
}

function bindAdvice(code: string, portSetting: string, addressSetting: string): string {
  return code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND'
    ? `Correct ${addressSetting}.`
    : `End that program or choose another ${portSetting}.`
}

function tcpBindError(host: string, port: number, ipv6Only = false): Promise<string | undefined> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown error'))
    server.listen({ host, port, ipv6Only, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}

function udpBindError(address: string, port: number, ipv6Only: boolean): Promise<string | undefined> {
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', ipv6Only })
  return new Promise((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close()
      resolve(error.code ?? 'unknown error')
    })
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(undefined)))
  })
}

function answersHealthz(http: HttpConfig, host: string): Promise<boolean> {
  const target = host === '::' ? '::1' : host === '0.0.0.0' ? '127.0.0.1' : host
  // The certificate is checked elsewhere; here only whether somebody answers.
  const options = {
    host: target,
    port: http.port,
    path: '/healthz',
    timeout: 2000,
    rejectUnauthorized: false,
  }
  return new Promise((resolve) => {
    const request = (isTls(http) ? httpsRequest : httpRequest)(options, (response) => {
      // Sluice answers { status, version }; other programs have a /healthz, too.
      bodyText(response).then(
        (body) => resolve(response.statusCode === 200 && /"status":"ok".*"version":/.test(body)),
        () => resolve(false),
      )
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
    request.end()
  })
}

// Limits of the system

const wantedOpenFiles = 65_536

export function judgeOpenFiles(limits: string | undefined): Finding {
  const soft = /^Max open files\s+(\S+)/m.exec(limits ?? '')?.[1]
  if (soft === undefined) return ok('Open files: the limit is not known on this system.')
  if (soft === 'unlimited' || Number(soft) >= wantedOpenFiles) return ok(`Open files: up to ${soft}.`)
  return warn(
    `Open files: only ${soft}. Each participant takes one or two.`,
    `Raise it to ${wantedOpenFiles}: LimitNOFILE=${wantedOpenFiles} in the systemd unit, --ulimit nofile=${wantedOpenFiles} for Docker.`,
  )
}

export function judgeSocketBuffers(receive: string | undefined, send: string | undefined): Finding {
  const [rmem, wmem] = [Number(receive), Number(send)]
  if (!(rmem > 0) || !(wmem > 0)) {
    return ok('UDP buffers: their maxima cannot be seen from here (in a container, look on its host).')
  }
  const shown = `receive ${rmem}, send ${wmem} bytes`
  if (rmem >= socketBufferBytes && wmem >= socketBufferBytes) return ok(`UDP buffers: ${shown}.`)
  return warn(
    `UDP buffers are small (${shown}): packets get lost when many people send at once.`,
    `sysctl -w net.core.rmem_max=${socketBufferBytes} net.core.wmem_max=${socketBufferBytes}, and the same two in /etc/sysctl.d/ to keep them.`,
  )
}

export async function checkLimits(): Promise<Finding[]> {
  const [limits, receive, send] = await Promise.all(
    ['/proc/self/limits', '/proc/sys/net/core/rmem_max', '/proc/sys/net/core/wmem_max'].map(readText),
  )
  return [judgeOpenFiles(limits), judgeSocketBuffers(receive, send)]
}

/** The control plane, and what a worker with some rooms takes. */
const baseMebibytes = 300
const workerMebibytes = 100

export function checkMemory(workers: number, freeBytes: number = availableMemory()): Finding {
  const free = Math.floor(freeBytes / mebibyte)
  const wanted = baseMebibytes + workers * workerMebibytes
  const text = `Memory: ${free} MiB available`
  if (free >= wanted) return ok(`${text}.`)
  return warn(
    `${text}, ${wanted} MiB recommended for ${workers} workers.`,
    'Give the machine more memory or lower workers.count.',
  )
}

// Data folder

type DiskNeeds = Pick<Config['recordings'], 'enabled' | 'minFreeMegabytes'>

export async function checkDataDir(dataDir: string, recordings: DiskNeeds): Promise<Finding[]> {
  let folder = dataDir
  for (;;) {
    const found = await stat(folder).catch(() => undefined)
    if (found?.isDirectory()) break
    if (found || folder === dirname(folder))
      return [bad(`Data folder: ${folder} is not a folder.`, 'Correct dataDir.')]
    folder = dirname(folder)
  }
  const name =
    folder === dataDir ? `Data folder ${dataDir}` : `Data folder ${dataDir} (will be made in ${folder})`
  try {
    await access(folder, constants.W_OK | constants.X_OK)
  } catch {
    return [
      bad(`${name} cannot be written.`, `Give this user the right to write in ${folder}, or set dataDir.`),
    ]
  }
  return [ok(`${name} can be written.`), judgeDisk(folder, await freeDiskBytes(folder), recordings)]
}

async function freeDiskBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

export function judgeDisk(
  folder: string,
  freeBytes: number,
  { enabled, minFreeMegabytes }: DiskNeeds,
): Finding {
  const free = Math.floor(freeBytes / mebibyte)
  const text = `Disk of ${folder}: ${free >= 10_240 ? `${Math.floor(free / 1024)} GiB` : `${free} MiB`} free`
  if (free < 100) return bad(`${text}.`, 'Make room, or set dataDir to a larger disk.')
  // None begins below twice of where they end.
  const wanted = minFreeMegabytes * 2
  if (!enabled || freeBytes >= wanted * 1_000_000) return ok(`${text}.`)
  return warn(
    `${text}: no recording begins below ${wanted} MB.`,
    'Make room, set dataDir to a larger disk, or lower recordings.minFreeMegabytes.',
  )
}

// TLS

export async function checkTls(config: Config, now: Date = new Date()): Promise<Finding> {
  const { http, mode } = config
  if (!isTls(http)) {
    if (mode === 'development' || http.publicUrl.startsWith('https:')) return ok('TLS: off.')
    return warn(
      'TLS is off, and no https publicUrl is set: browsers give pages a camera over HTTPS only.',
      'Set http.tlsCert and http.tlsKey, or put a TLS proxy in front and set http.publicUrl.',
    )
  }
  const [cert, key] = await Promise.all([readText(http.tlsCert), readText(http.tlsKey)])
  if (cert === undefined)
    return bad(
      `TLS: the certificate ${http.tlsCert} cannot be read.`,
      'Correct http.tlsCert or its permissions.',
    )
  if (key === undefined)
    return bad(`TLS: the key ${http.tlsKey} cannot be read.`, 'Correct http.tlsKey or its permissions.')
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(cert)
  } catch {
    return bad(
      `TLS: ${http.tlsCert} is not a PEM certificate.`,
      'Set http.tlsCert to the certificate chain in PEM form.',
    )
  }
  try {
    if (!certificate.checkPrivateKey(createPrivateKey(key))) {
      return bad(
        `TLS: ${http.tlsKey} is not the key of ${http.tlsCert}.`,
        'Set http.tlsKey to the key the certificate was made for.',
      )
    }
  } catch {
    return bad(
      `TLS: ${http.tlsKey} is not a PEM private key without a passphrase.`,
      'Set http.tlsKey to the private key in PEM form.',
    )
  }
  return judgeCertificate(certificate, http, now)
}

function judgeCertificate(certificate: X509Certificate, http: HttpConfig, now: Date): Finding {
  const days = Math.floor((certificate.validToDate.getTime() - now.getTime()) / (24 * 60 * 60 * 1000))
  const until = certificate.validToDate.toISOString().slice(0, 10)
  if (days < 0) return bad(`TLS: the certificate expired on ${until}.`, 'Renew it and start again.')
  if (certificate.validFromDate > now) {
    return bad(
      `TLS: the certificate is valid from ${certificate.validFromDate.toISOString().slice(0, 10)} on.`,
      'Set the clock, or use a certificate that is valid now.',
    )
  }
  const name = URL.parse(http.publicUrl)?.hostname.replace(/^\[|\]$/g, '')
  if (name && !certificateCovers(certificate, name)) {
    return warn(
      `TLS: the certificate is not for ${name}, the name in http.publicUrl.`,
      'Use a certificate for that name, unless a proxy in front has one.',
    )
  }
  if (days < 14) return warn(`TLS: the certificate expires on ${until}.`, 'Renew it and start again.')
  return ok(`TLS: the certificate fits its key and is valid until ${until}.`)
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}

// Database and mail

const databaseMs = 5_000

/** Logs in to PostgreSQL where there is one. The embedded database is looked at by nobody: a running Sluice holds it. */
export async function checkDatabase({ database }: Pick<Config, 'database'>): Promise<Finding> {
  if (database.url === '') return ok('Database: the embedded one, in the data folder.')
  const client = new pg.Client({
    connectionString: database.url,
    connectionTimeoutMillis: databaseMs,
    query_timeout: databaseMs,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ version: string }>(
      "select current_setting('server_version') as version",
    )
    return ok(`Database: PostgreSQL ${rows[0]!.version} answers.`)
  } catch (error) {
    const { message } = error as Error
    return bad(
      `The database does not let us in: ${message || 'no answer'}.`,
      'Look at database.url (DATABASE_URL).',
    )
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Logs in to the mail server and sends nothing. */
export async function checkMail({ mode, mail }: Pick<Config, 'mode' | 'mail'>): Promise<Finding> {
  if (mail.smtpUrl !== '') {
    try {
      await new SmtpDelivery(mail).verify()
      return ok('Mail: the mail server lets us in.')
    } catch (error) {
      return bad(`Mail cannot be sent: ${(error as Error).message}`, 'Look at mail.smtpUrl.')
    }
  }
  if (mode === 'development') return ok('Mail: kept in the data folder and shown at /mails.')
  return warn(
    'There is no mail server: nobody can register, confirm an address or reset a password.',
    'Set mail.smtpUrl and mail.from; or admins make accounts, and hand out the links themselves.',
  )
}

// Storage

/** A small object is written to the bucket, read, and deleted again. */
export async function checkStorage({
  storage,
  dataDir,
}: Pick<Config, 'storage' | 'dataDir'>): Promise<Finding> {
  if (storage.kind === 'disk') return ok('Recordings: kept in the data folder.')
  try {
    const log = createLog({ level: 'silent', pretty: false })
    await openObjectStore({ storage, dataDir, log }).check()
    return ok(`Recordings: the bucket ${storage.bucket} takes, gives and deletes objects.`)
  } catch (error) {
    // Calls work without it, and recordings wait on the disk.
    return warn(
      `Recordings stay on this disk, as their bucket cannot be used.\n${(error as Error).message}`,
      'docs/storage.md says how to set one up.',
    )
  }
}
