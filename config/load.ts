import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  type Document,
  type YAMLError,
  type YAMLMap,
} from 'yaml'
import { parseCommandLine } from './command-line.ts'
import { ConfigError, type ConfigProblem } from './config-error.ts'
import { nearest } from './nearest.ts'
import type { AccountsConfig, Config } from './schema.ts'
import { listSettings, printable, type Setting, type SettingPath, type SettingValue } from './setting-list.ts'
import { checkStorage } from './storage-check.ts'

export { ConfigError, type ConfigProblem } from './config-error.ts'

export type SettingSource = 'default' | 'file' | 'environment' | 'argument'
export type Environment = Readonly<Record<string, string | undefined>>

export interface LoadOptions {
  /** The arguments after the program's name. */
  readonly argv: readonly string[]
  readonly env: Environment
  readonly cwd: string
}

export interface LoadedConfig {
  /** Every default filled in, paths absolute, frozen all the way down. */
  readonly config: Config
  /** The file that was read, absolute. */
  readonly file: string | undefined
  readonly sources: Readonly<Record<SettingPath, SettingSource>>
  /** Things that are allowed but rarely meant. */
  readonly warnings: readonly string[]
}

export const defaultConfigFile = join('config', 'sluice.yaml')

/** Environment variables that begin with SLUICE_ and are not settings: they belong to set-up, tests and tools. */
export const otherEnvironment = [
  'SLUICE_API_KEY',
  'SLUICE_API_SECRET',
  'SLUICE_APT',
  'SLUICE_CACHE_DIR',
  'SLUICE_DEBUG',
  'SLUICE_SERVER',
] as const

/** Reads the configuration: defaults, then the file, then the environment. Throws a `ConfigError` with every problem. */
export function loadConfig({ argv, env, cwd }: LoadOptions): LoadedConfig {
  const named = parseCommandLine(argv).config
  const file = resolve(cwd, named ?? defaultConfigFile)
  const text = readConfigFile(file, named !== undefined)

  const known = listSettings()
  const sources = [
    ...(text === undefined ? [] : [fromFile(known, text, named ?? defaultConfigFile)]),
    fromEnvironment(known, env),
  ]
  const { values, places, problems } = merge(known, sources)

  for (const setting of known) {
    const value = values.get(setting)
    if (setting.isPath && typeof value === 'string' && value !== '') values.set(setting, resolve(cwd, value))
  }
  const config = toTree(known, values) as unknown as Config
  const broken = new Set(problems.map((problem) => problem.setting))
  const checks = crossCheck(config)
  for (const check of checks.problems) {
    // A setting that is wrong in itself holds its default here: what follows from that is not the operator's mistake.
    if (check.settings.some((path) => broken.has(path))) continue
    const where = check.settings.map((path) => places.get(path)?.where).find((place) => place !== undefined)
    problems.push({
      setting: check.settings[0],
      wrong: check.wrong,
      allowed: check.allowed,
      ...(where === undefined ? {} : { where }),
    })
  }
  if (problems.length > 0) throw new ConfigError(problems)

  return {
    config: deepFreeze(config),
    file: text === undefined ? undefined : file,
    sources: Object.freeze(
      Object.fromEntries(known.map(({ path }) => [path, places.get(path)?.source ?? 'default'])),
    ) as LoadedConfig['sources'],
    warnings: checks.warnings,
  }
}

/** The text of the file; undefined when it does not exist and need not. */
function readConfigFile(file: string, required: boolean): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    if (code === 'ENOENT' && !required) return undefined
    const wrong = code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${code})`
    throw new ConfigError([{ setting: required ? '--config' : 'configuration', where: file, wrong }])
  }
}

interface Place {
  readonly source: SettingSource
  readonly where: string
}

/** What one source says, before anybody asked whether it is right. */
interface Source {
  readonly given: readonly {
    readonly setting: Setting
    readonly value: unknown
    readonly shown: unknown
    readonly place: Place
  }[]
  readonly problems: readonly ConfigProblem[]
}

/** Later sources win. A value that is not allowed becomes a problem and is left out. */
export function merge(known: readonly Setting[], sources: readonly Source[]) {
  const values = new Map<Setting, SettingValue>(known.map((setting) => [setting, setting.default]))
  const places = new Map<string, Place>()
  const problems: ConfigProblem[] = []
  for (const source of sources) {
    problems.push(...source.problems)
    for (const { setting, value, shown, place } of source.given) {
      if (setting.accepts(value)) {
        values.set(setting, value)
        places.set(setting.path, place)
      } else {
        const wrong = shown === null ? 'has no value' : `${printable(setting, shown)} is not allowed`
        problems.push({ where: place.where, setting: setting.path, wrong, allowed: setting.allowed })
      }
    }
  }
  return { values, places, problems }
}

export function fromEnvironment(known: readonly Setting[], env: Environment): Source {
  const byName = new Map(known.map((setting) => [setting.environment, setting]))
  const given: Source['given'][number][] = []
  const problems: ConfigProblem[] = []
  for (const setting of known) {
    const text = setting.knownAs === undefined ? undefined : env[setting.knownAs]
    if (!text || env[setting.environment] !== undefined) continue
    const place = { source: 'environment', where: setting.knownAs! } as const
    given.push({ setting, value: setting.parse(text), shown: text, place })
  }
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('SLUICE_') || text === undefined) continue
    if (otherEnvironment.some((other) => other === name)) continue
    const setting = byName.get(name)
    if (setting) {
      given.push({
        setting,
        value: setting.parse(text),
        shown: text,
        place: { source: 'environment', where: name },
      })
    } else {
      const near = nearestSetting(
        known,
        name.slice('SLUICE_'.length),
        (s) => s.environment.slice('SLUICE_'.length),
        '_',
      )
      problems.push({ where: name, setting: name, wrong: `no such setting${didYouMean(near?.environment)}` })
    }
  }
  return { given, problems }
}

export function fromFile(known: readonly Setting[], text: string, fileName: string): Source {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number) => `${fileName}:${lines.linePos(offset).line}`
  const given: Source['given'][number][] = []
  // One mistake in YAML makes more errors behind it; the first is the one to mend.
  const problems: ConfigProblem[] = document.errors
    .slice(0, 1)
    .map((error) => ({ where: at(error.pos[0]), wrong: yamlProblem(error) }))
  const root = document.contents
  if (problems.length > 0 || root === null || (isScalar(root) && root.value === null))
    return { given, problems }
  if (!isMap(root))
    return {
      given,
      problems: [
        {
          where: fileName,
          wrong: 'the file is not a list of settings',
          allowed: 'name: value, one per line',
        },
      ],
    }

  const groups = new Set(known.map((setting) => setting.group))
  const byPath = new Map(known.map((setting) => [setting.path, setting]))
  const read = (map: YAMLMap, group: string | undefined): void => {
    for (const { key, value } of map.items) {
      const name = isScalar(key) ? String(key.value) : '?'
      const path = group === undefined ? name : `${group}.${name}`
      const where = at((isScalar(key) ? key.range?.[0] : undefined) ?? 0)
      const setting = byPath.get(path)
      if (setting) {
        const plain = plainValue(value, document)
        if (plain === undefined) {
          problems.push({
            where,
            setting: path,
            wrong: 'refers to an anchor (*) that is not above it',
            allowed: setting.allowed,
          })
          continue
        }
        given.push({ setting, value: plain, shown: plain, place: { source: 'file', where } })
      } else if (group === undefined && groups.has(name)) {
        // A group whose lines are all commented out reads as null.
        if (isMap(value)) read(value, name)
        else if (!isScalar(value) || value.value !== null)
          problems.push({
            where,
            setting: name,
            wrong: 'is a group of settings',
            allowed: 'its settings, indented below it',
          })
      } else {
        const group = nearest(
          name,
          [...groups].filter((group) => group !== undefined),
        )
        const near = isMap(value) ? group : (nearestSetting(known, path, (s) => s.path, '.')?.path ?? group)
        problems.push({ where, setting: path, wrong: `no such setting${didYouMean(near)}` })
      }
    }
  }
  read(root, undefined)
  return { given, problems }
}

/** The value of a YAML node; undefined when it cannot be built, as with an alias of nothing. */
function plainValue(node: unknown, document: Document): unknown {
  try {
    return isNode(node) ? node.toJS(document) : null
  } catch {
    return undefined
  }
}

/** The nearest setting by its whole name, or by its last part where the group was forgotten or mistaken. */
function nearestSetting(
  known: readonly Setting[],
  name: string,
  nameOf: (setting: Setting) => string,
  separator: string,
): Setting | undefined {
  const full = nearest(name, known.map(nameOf))
  if (full !== undefined) return known.find((setting) => nameOf(setting) === full)
  const last = name.slice(name.lastIndexOf('.') + 1).toLowerCase()
  return known.find((setting) => {
    const candidate = nameOf(setting).toLowerCase()
    return setting.group !== undefined && candidate.slice(setting.group.length + separator.length) === last
  })
}

function didYouMean(name: string | undefined): string {
  return name === undefined ? '' : `; did you mean ${name}?`
}

/** The library's own messages quote the file, and the file may hold secrets. */
function yamlProblem(error: YAMLError): string {
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return 'this name stands twice'
    case 'TAB_AS_INDENT':
      return 'a tab: YAML is indented with spaces'
    case 'BAD_INDENT':
      return 'the indentation does not fit the lines above'
    case 'MISSING_CHAR':
      return 'a quote or bracket is not closed, or the space after a colon is missing'
    case 'MULTIPLE_DOCS':
      return 'the file holds more than one document (---)'
    default:
      return `this is not valid YAML (${error.code})`
  }
}

export interface CrossProblem {
  /** The settings that disagree; the first is the one to name. */
  readonly settings: readonly [SettingPath, ...SettingPath[]]
  readonly wrong: string
  readonly allowed: string
}

/** Settings that are right one by one and wrong together. */
export function crossCheck(config: Config): {
  problems: readonly CrossProblem[]
  warnings: readonly string[]
} {
  const { http, workers, media, database, auth, accounts, mail } = config
  const problems: CrossProblem[] = []
  const warnings: string[] = []

  if ((http.tlsCert === '') !== (http.tlsKey === '')) {
    const missing = http.tlsCert === '' ? 'http.tlsCert' : 'http.tlsKey'
    problems.push({
      settings: [missing, 'http.tlsCert', 'http.tlsKey'],
      wrong: 'is missing: a certificate and its key go together',
      allowed: 'both http.tlsCert and http.tlsKey, or neither',
    })
  }
  if (http.publicUrl !== '' && !isWebUrl(http.publicUrl)) {
    problems.push({
      settings: ['http.publicUrl'],
      wrong: `${JSON.stringify(http.publicUrl)} is not a web address`,
      allowed: 'https://meet.example.org or the like',
    })
  }
  for (const origin of http.corsOrigins) {
    if (origin === '*' || (isWebUrl(origin) && new URL(origin).origin === origin)) continue
    problems.push({
      settings: ['http.corsOrigins'],
      wrong: `${JSON.stringify(origin)} is not an origin`,
      allowed: 'scheme://host[:port] without a path or a slash at the end, or "*"',
    })
  }

  if (database.url !== '' && !/^postgres(ql)?:\/\//.test(database.url)) {
    problems.push({
      settings: ['database.url'],
      wrong: 'is not the address of a PostgreSQL',
      allowed: 'postgres://user:password@host:5432/database, or empty',
    })
  }
  if (auth.encryptionKey !== '' && !/^[0-9a-f]{64}$/i.test(auth.encryptionKey)) {
    problems.push({
      settings: ['auth.encryptionKey'],
      wrong: 'is not a key of 256 bits',
      allowed: '64 hexadecimal digits, as openssl rand -hex 32 makes them, or empty',
    })
  }

  if (mail.smtpUrl !== '' && !isMailServerUrl(mail.smtpUrl)) {
    problems.push({
      settings: ['mail.smtpUrl'],
      wrong: 'is not the address of a mail server',
      allowed: 'smtps://user:password@host:465, smtp://host:587, or empty',
    })
  }
  if (mail.smtpUrl !== '' && mail.from === '') {
    problems.push({
      settings: ['mail.from', 'mail.smtpUrl'],
      wrong: 'is missing: mail servers refuse mails that are from nobody',
      allowed: 'an address, such as Sluice <meet@example.org>',
    })
  }
  if (mail.from !== '' && !/^([^<>@"\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/.test(mail.from)) {
    problems.push({
      settings: ['mail.from'],
      wrong: `${JSON.stringify(mail.from)} is not an e-mail address`,
      allowed: 'meet@example.org, or Sluice <meet@example.org>',
    })
  }

  problems.push(...checkIssuer(accounts), ...checkStorage(config.storage))

  const repeated = workers.cores.filter((core, index) => workers.cores.indexOf(core) !== index)
  if (repeated.length > 0) {
    problems.push({
      settings: ['workers.cores'],
      wrong: `core ${[...new Set(repeated)].join(', ')} is listed twice`,
      allowed: 'each core once',
    })
  }
  // With count 0 the number of workers is known only on the machine; the cores listed are then the most there can be.
  const count = workers.count === 0 ? Math.max(1, workers.cores.length - workers.keepFree) : workers.count
  const lastPort = workers.portBase + count - 1
  if (workers.portBase > 0 && lastPort > 65535) {
    problems.push({
      settings: ['workers.portBase', 'workers.count'],
      wrong: `${count} workers from port ${workers.portBase} on would end at ${lastPort}`,
      allowed: `workers.portBase + workers.count of at most 65536, so here a portBase up to ${65536 - count}`,
    })
  }
  if (http.port > 0 && workers.portBase > 0 && http.port >= workers.portBase && http.port <= lastPort) {
    problems.push({
      settings: ['http.port', 'workers.portBase', 'workers.count'],
      wrong: `${http.port} is one of the media ports (${workers.portBase} to ${lastPort})`,
      allowed: 'a port outside of them',
    })
  }

  if (!media.codecs.includes('opus')) warnings.push('media.codecs has no opus: rooms will have no audio.')
  if (media.codecs.every((codec) => codec === 'opus'))
    warnings.push('media.codecs has no video codec: rooms will have no video.')
  return { problems, warnings }
}

function checkIssuer({ issuer, clientId, adminClaim }: AccountsConfig): CrossProblem[] {
  const problems: CrossProblem[] = []
  const url = URL.parse(issuer)
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
  if (issuer !== '' && !isSafe) {
    problems.push({
      settings: ['accounts.issuer'],
      wrong: `${JSON.stringify(issuer)} is not the address of an issuer`,
      allowed: 'https://login.example.org/realms/team or the like; http only on this machine',
    })
  }
  if (issuer !== '' && clientId === '') {
    problems.push({
      settings: ['accounts.clientId', 'accounts.issuer'],
      wrong: 'is missing: an issuer knows this server by it',
      allowed: 'the client id that the issuer gave out',
    })
  }
  if (adminClaim !== '' && !/^[^=]+=.+$/.test(adminClaim)) {
    problems.push({
      settings: ['accounts.adminClaim'],
      wrong: `${JSON.stringify(adminClaim)} names no claim and value`,
      allowed: 'claim=value, such as groups=sluice-admins',
    })
  }
  return problems
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host)
}

function isWebUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:')
}

function isMailServerUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && ['smtp:', 'smtps:'].includes(url.protocol) && url.hostname !== ''
}

function toTree(
  known: readonly Setting[],
  values: ReadonlyMap<Setting, SettingValue>,
): Record<string, unknown> {
  const tree: Record<string, Record<string, unknown> | unknown> = {}
  for (const setting of known) {
    const value = structuredClone(values.get(setting))
    if (setting.group === undefined) tree[setting.name] = value
    else ((tree[setting.group] ??= {}) as Record<string, unknown>)[setting.name] = value
  }
  return tree
}

export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}
