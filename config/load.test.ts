import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Type } from 'typebox'
import { parseCommandLine } from './command-line.ts'
import { ConfigError, fromEnvironment, fromFile, loadConfig, merge, type Environment } from './load.ts'
import { listSettings, printable, valueOf, type Setting, type SettingValue } from './setting-list.ts'

/** A working directory with this configuration file. */
function folderWith(t: TestContext, yaml?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-config-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'config'))
  if (yaml !== undefined) writeFileSync(join(folder, 'config', 'sluice.yaml'), yaml)
  return folder
}

const load = (cwd: string, env: Environment = {}, argv: string[] = []) => loadConfig({ argv, env, cwd })

function refusal(act: () => unknown): ConfigError {
  try {
    act()
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  return assert.fail('it was accepted')
}

const texts: Record<string, string> = {
  'http.publicUrl': 'https://meet.example.org',
  'database.url': 'postgres://sluice:hidden@db.example.org/sluice',
  'auth.encryptionKey': '0123456789abcdef'.repeat(4),
  'mail.smtpUrl': 'smtps://sluice:hidden@mail.example.org',
  'mail.from': 'Sluice <meet@example.org>',
  'accounts.issuer': 'https://login.example.org/realms/team',
  'accounts.adminClaim': 'groups=sluice-admins',
  'storage.endpoint': 'https://s3.example.org',
  'storage.publicEndpoint': 'https://s3.example.org',
  'storage.keyTemplate': 'calls/{recordingId}',
}

/** An allowed value that is not the default, as text of an environment variable and as what it should become. */
function another(setting: Setting): { text: string; value: SettingValue } {
  switch (setting.kind) {
    case 'boolean':
      return { text: String(!setting.default), value: !setting.default }
    case 'integer':
    case 'number':
      return (
        [1, 2, -1, 0.01]
          .map((step) => Number(setting.default) + step)
          .filter((value) => setting.accepts(value))
          .map((value) => ({ text: String(value), value }))[0] ?? assert.fail(setting.path)
      )
    case 'choice': {
      const value = setting.allowed.split(', ').find((name) => name !== setting.default) ?? ''
      return { text: value, value }
    }
    case 'text': {
      if (setting.isPath) return { text: '/srv/sluice', value: '/srv/sluice' }
      const text = texts[setting.path] ?? '192.0.2.1'
      return { text, value: text }
    }
    case 'list': {
      const candidates = [
        ['https://a.example', 'https://b.example'],
        ['opus', 'vp8'],
        ['sctp', 'rtx'],
        [3, 2],
      ]
      const value = candidates.find((list) => setting.accepts(list)) ?? assert.fail(setting.path)
      return { text: value.join(', '), value }
    }
  }
}

test('without a file, variables or arguments every setting has its default', (t) => {
  const loaded = load(folderWith(t))
  for (const setting of listSettings()) {
    if (setting.isPath) continue
    assert.deepEqual(valueOf(loaded.config, setting), setting.default, setting.path)
  }
  assert.equal(loaded.file, undefined)
  assert.deepEqual(new Set(Object.values(loaded.sources)), new Set(['default']))
  assert.deepEqual(loaded.warnings, [])
})

test('every setting can be set by its environment variable', (t) => {
  const cwd = folderWith(t)
  // Settings that only go together.
  const companions: readonly Environment[] = [
    { SLUICE_HTTP_TLS_CERT: '/srv/sluice', SLUICE_HTTP_TLS_KEY: '/srv/sluice' },
    { SLUICE_MAIL_SMTP_URL: texts['mail.smtpUrl'], SLUICE_MAIL_FROM: texts['mail.from'] },
    { SLUICE_ACCOUNTS_ISSUER: texts['accounts.issuer'], SLUICE_ACCOUNTS_CLIENT_ID: 'sluice' },
    { SLUICE_STORAGE_KIND: 's3', SLUICE_STORAGE_BUCKET: 'recordings' },
  ]
  for (const setting of listSettings()) {
    const { text, value } = another(setting)
    const { config, sources } = load(cwd, {
      ...companions.find((together) => setting.environment in together),
      [setting.environment]: text,
    })
    assert.deepEqual(valueOf(config, setting), value, setting.environment)
    assert.equal({ ...sources }[setting.path], 'environment')
  }
})

test('environment variables have the names that are promised', () => {
  const names = new Map(listSettings().map(({ path, environment }) => [path, environment]))
  assert.equal(names.get('http.port'), 'SLUICE_HTTP_PORT')
  assert.equal(names.get('dataDir'), 'SLUICE_DATA_DIR')
  assert.equal(names.get('http.tlsCert'), 'SLUICE_HTTP_TLS_CERT')
  assert.equal(names.get('limits.peersPerRoom'), 'SLUICE_LIMITS_PEERS_PER_ROOM')
  assert.equal(new Set(names.values()).size, names.size)
})

test('DATABASE_URL is known, ours comes before it, and it is never printed', (t) => {
  const cwd = folderWith(t)
  const url = 'postgres://sluice:hidden@db.example.org/sluice'
  assert.equal(load(cwd, { DATABASE_URL: url }).config.database.url, url)
  assert.equal(load(cwd, { DATABASE_URL: '' }).config.database.url, '')
  const both = { DATABASE_URL: 'postgres://elsewhere/x', SLUICE_DATABASE_URL: url }
  assert.equal(load(cwd, both).config.database.url, url)
  const { message } = refusal(() =>
    load(cwd, { DATABASE_URL: 'mysql://sluice:hidden@db.example.org/sluice' }),
  )
  assert.match(message, /database\.url \(DATABASE_URL\): is not the address of a PostgreSQL/)
  assert.doesNotMatch(message, /hidden/)
})

test('a weak encryption key stops the start and is not printed', (t) => {
  const { message } = refusal(() => load(folderWith(t), { SLUICE_AUTH_ENCRYPTION_KEY: 'correct horse' }))
  assert.match(message, /auth\.encryptionKey .*64 hexadecimal digits/s)
  assert.doesNotMatch(message, /horse/)
})

test('the environment stands above the file, and the file above the defaults', (t) => {
  const cwd = folderWith(t, 'http:\n  port: 5000\n  trustProxy: true\n')
  const { config, sources, file } = load(cwd, { SLUICE_HTTP_PORT: '6000' })
  assert.equal(config.http.port, 6000)
  assert.equal(config.http.trustProxy, true)
  assert.equal(config.log.level, 'info')
  assert.equal(file, join(cwd, 'config', 'sluice.yaml'))
  assert.equal(sources['http.port'], 'environment')
  assert.equal(sources['http.trustProxy'], 'file')
  assert.equal(sources['log.level'], 'default')
})

test('an unknown setting refuses to start and names the nearest one', (t) => {
  const file = refusal(() => load(folderWith(t, 'http:\n  prot: 5000\nport: 1\nlimit:\n  rooms: 3\n')))
  assert.match(
    file.message,
    /http\.prot \(config\/sluice\.yaml:2\): no such setting; did you mean http\.port\?/,
  )
  assert.match(file.message, /- port .*did you mean http\.port\?/)
  assert.match(file.message, /- limit .*did you mean limits\?/)

  const variables = refusal(() =>
    load(folderWith(t), { SLUICE_HTTP_PROT: '1', SLUICE_DATADIR: '/x', SLUICE_ZZZZZZ: '1' }),
  )
  assert.match(variables.message, /SLUICE_HTTP_PROT: no such setting; did you mean SLUICE_HTTP_PORT\?/)
  assert.match(variables.message, /SLUICE_DATADIR: no such setting; did you mean SLUICE_DATA_DIR\?/)
  assert.match(variables.message, /SLUICE_ZZZZZZ: no such setting$/m)
})

test('variables of set-up and of other programs are left alone', (t) => {
  load(folderWith(t), {
    SLUICE_CACHE_DIR: '/var/cache/sluice',
    SLUICE_DEBUG: '1',
    PORT: '80',
    DATABASE_URL: 'postgres://',
  })
})

test('all problems are reported at once, with the place, the value and what is allowed', (t) => {
  const cwd = folderWith(
    t,
    'http:\n  port: "4443"\nworkers:\n  cores: [0, 1, 0]\nrooms:\n  emptySeconds:\nmedia: 5\n',
  )
  const { problems, message } = refusal(() => load(cwd, { SLUICE_WORKERS_PIN: 'yes', SLUICE_MODE: 'prod' }))
  assert.deepEqual(
    problems.map(({ setting, where }) => [setting, where]),
    [
      ['media', 'config/sluice.yaml:7'],
      ['http.port', 'config/sluice.yaml:2'],
      ['rooms.emptySeconds', 'config/sluice.yaml:6'],
      ['workers.pin', 'SLUICE_WORKERS_PIN'],
      ['mode', 'SLUICE_MODE'],
      ['workers.cores', 'config/sluice.yaml:4'],
    ],
  )
  assert.match(message, /"4443" is not allowed\n {6}Allowed: a whole number from 0 to 65535/)
  assert.match(message, /"prod" is not allowed\n {6}Allowed: development, production/)
})

test('numbers, booleans and lists in variables are read strictly', (t) => {
  const cwd = folderWith(t)
  for (const text of ['', ' 80', '80 ', '8e1', '0x50', '80.0', '-1', '65536', 'eighty']) {
    assert.throws(() => load(cwd, { SLUICE_HTTP_PORT: text }), ConfigError, JSON.stringify(text))
  }
  for (const text of ['1', 'TRUE', 'yes', ''])
    assert.throws(() => load(cwd, { SLUICE_WORKERS_PIN: text }), ConfigError, text)
  for (const text of ['1,,2', 'a', '1;2'])
    assert.throws(() => load(cwd, { SLUICE_WORKERS_CORES: text }), ConfigError, text)
  assert.deepEqual(load(cwd, { SLUICE_WORKERS_CORES: '' }).config.workers.cores, [])
})

test('a file named by --config must exist, the usual one need not', (t) => {
  const cwd = folderWith(t)
  writeFileSync(join(cwd, 'other.yaml'), 'mode: production\n')
  assert.equal(load(cwd, {}, ['--config', 'other.yaml']).config.mode, 'production')
  assert.match(
    refusal(() => load(cwd, {}, ['--config', 'missing.yaml'])).message,
    /missing\.yaml\): there is no such file/,
  )
  assert.equal(load(cwd).config.mode, 'development')
})

test('a file that is not YAML is refused with its line', (t) => {
  const broken = (yaml: string) => refusal(() => load(folderWith(t, yaml))).message
  assert.match(broken('http:\n\tport: 1\n'), /sluice\.yaml:2: a tab/)
  assert.match(broken('mode: production\nmode: development\n'), /sluice\.yaml:2: this name stands twice/)
  assert.match(broken('- mode\n'), /not a list of settings/)
  assert.match(broken('mode: "production\n'), /quote or bracket is not closed/)
})

test('a file of comments only, and groups without settings, are fine', (t) => {
  assert.equal(load(folderWith(t, '# nothing\n')).config.mode, 'development')
  assert.equal(load(folderWith(t, '')).config.mode, 'development')
  assert.equal(load(folderWith(t, 'http:\n  # port: 1\nlog:\n')).config.http.port, 4443)
})

test('settings that do not go together are refused', (t) => {
  const cwd = folderWith(t)
  const message = (env: Environment) => refusal(() => load(cwd, env)).message
  assert.match(
    message({ SLUICE_HTTP_TLS_CERT: 'cert.pem' }),
    /http\.tlsKey \(SLUICE_HTTP_TLS_CERT\): is missing/,
  )
  assert.match(
    message({ SLUICE_WORKERS_PORT_BASE: '65535', SLUICE_WORKERS_COUNT: '2' }),
    /would end at 65536/,
  )
  assert.match(message({ SLUICE_HTTP_PORT: '44445', SLUICE_WORKERS_COUNT: '2' }), /one of the media ports/)
  assert.match(
    message({ SLUICE_ACCOUNTS_ISSUER: 'https://login.example.org' }),
    /accounts\.clientId .*is missing/,
  )
  assert.match(message({ SLUICE_ACCOUNTS_ISSUER: 'http://login.example.org' }), /http only on this machine/)
  assert.match(message({ SLUICE_ACCOUNTS_ADMIN_CLAIM: 'admins' }), /names no claim and value/)
  assert.match(message({ SLUICE_HTTP_CORS_ORIGINS: 'https://a.example/' }), /is not an origin/)
  assert.match(message({ SLUICE_HTTP_PUBLIC_URL: 'meet.example.org' }), /is not a web address/)
  load(cwd, { SLUICE_WORKERS_PORT_BASE: '65534', SLUICE_WORKERS_COUNT: '2' })
  load(cwd, { SLUICE_HTTP_PORT: '44446', SLUICE_WORKERS_COUNT: '2' })
})

test('codecs that leave rooms without audio are allowed with a warning', (t) => {
  const cwd = folderWith(t)
  assert.match(load(cwd, { SLUICE_MEDIA_CODECS: 'vp8' }).warnings.join(), /no opus/)
  assert.match(load(cwd, { SLUICE_MEDIA_CODECS: 'opus' }).warnings.join(), /no video/)
})

test('paths are seen from the working directory', (t) => {
  const cwd = folderWith(t, 'dataDir: media\n')
  assert.equal(load(cwd).config.dataDir, join(cwd, 'media'))
  assert.equal(load(cwd).config.http.tlsCert, '')
  assert.equal(load(cwd, { SLUICE_DATA_DIR: '/srv/media' }).config.dataDir, '/srv/media')
})

test('nobody can change the configuration after it was read', (t) => {
  const { config } = load(folderWith(t))
  assert.throws(() => Object.assign(config.http, { port: 1 }), TypeError)
  assert.throws(() => config.media.codecs.push('av1'), TypeError)
  // And the next one who reads it does not get the schema's own arrays.
  assert.equal(Object.isFrozen(listSettings().find(({ path }) => path === 'media.codecs')?.default), false)
})

test('a secret is never printed, however wrong it is', () => {
  const known = listSettings(Type.Object({ key: Type.String({ default: '', maxLength: 3, secret: true }) }))
  const [key] = known
  assert.ok(key)
  assert.equal(printable(key, 'hunter2'), '[secret]')
  const text = (source: ReturnType<typeof fromFile>) =>
    new ConfigError(merge(known, [source]).problems).message
  assert.match(text(fromEnvironment(known, { SLUICE_KEY: 'hunter2' })), /\[secret\] is not allowed/)
  for (const yaml of [
    'key: hunter2',
    'key: [hunter2]',
    'key: "hunter2',
    'key: hunter2: x',
    'key: *hunter2',
    'key: hunter2\n hunter2: 1',
    'key: !hunter2 {',
    '\tkey: hunter2',
  ]) {
    const message = text(fromFile(known, yaml, 'file'))
    assert.match(message, /file:/, yaml)
    assert.doesNotMatch(message, /hunter2/, yaml)
  }
})

test('unknown options and stray arguments are refused, all at once', () => {
  const { message } = refusal(() => parseCommandLine(['--lam', 'start', '--config', '--lan=yes']))
  assert.match(message, /--lam: no such option; did you mean --lan\?/)
  assert.match(message, /start: an argument without an option/)
  assert.match(message, /--config: the path is missing/)
  assert.match(refusal(() => parseCommandLine(['--lan=yes'])).message, /--lan: takes no value/)
})

test('options are read', () => {
  assert.deepEqual(parseCommandLine([]), { lan: false, help: false, version: false })
  assert.deepEqual(parseCommandLine(['--lan', '--config=a.yaml', '-h']), {
    lan: true,
    help: true,
    version: false,
    config: 'a.yaml',
  })
})

test('the sample file with everything un-commented loads and equals the defaults', (t) => {
  const sample = readFileSync(join(import.meta.dirname, 'sluice.sample.yaml'), 'utf8')
  assert.deepEqual(
    load(folderWith(t, sample)).config.http,
    load(folderWith(t)).config.http,
    'as it is, it sets nothing',
  )

  const cwd = folderWith(t, sample.replace(/^( *)#(?=\S)/gm, '$1'))
  const { config, sources } = load(cwd)
  rmSync(join(cwd, 'config', 'sluice.yaml'))
  assert.deepEqual(config, load(cwd).config)
  assert.deepEqual(new Set(Object.values(sources)), new Set(['file']), 'every setting stands in it')
})
