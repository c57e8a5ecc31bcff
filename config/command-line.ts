import { parseArgs } from 'node:util'
import { ConfigError, type ConfigProblem } from './config-error.ts'
import { nearest } from './nearest.ts'

export interface CommandLine {
  /** Path of the configuration file, as given. */
  readonly config?: string
  readonly lan: boolean
  readonly help: boolean
  readonly version: boolean
}

const options = {
  config: { type: 'string' },
  lan: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

export const helpText = `Sluice, a media server for live audio and video

  npm start                      start on this machine only, at http://localhost:4443
  npm start -- --lan             start for this local network, with a TLS certificate of its own
  npm start -- --config PATH     read this configuration file instead of config/sluice.yaml
  npm start -- --version         print the version
  npm start -- --help            print this

Settings: config/SETTINGS.md describes each one, config/sluice.sample.yaml is a file to start from.
Every setting is also an environment variable: http.port is SLUICE_HTTP_PORT.
npm run doctor says what is amiss on this machine.
`

/** Reads the arguments after the program's name. Throws a `ConfigError` that lists every one it does not know. */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  // Not strict, so that all mistakes are found at once and in our words.
  const { tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const problems: ConfigProblem[] = []
  const found: { config?: string; lan?: boolean; help?: boolean; version?: boolean } = {}
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue
    if (token.kind === 'positional') {
      problems.push({
        setting: token.value,
        wrong: 'an argument without an option',
        allowed: 'npm start -- --help lists the options',
      })
    } else if (!isOption(token.name)) {
      problems.push({
        setting: token.rawName,
        wrong: `no such option${suggestion(token.name)}`,
        allowed: 'npm start -- --help lists the options',
      })
    } else if (token.name === 'config') {
      if (!token.value || token.value.startsWith('-'))
        problems.push({ setting: '--config', wrong: 'the path is missing', allowed: '--config PATH' })
      else if (found.config !== undefined)
        problems.push({ setting: '--config', wrong: 'is given twice', allowed: 'one configuration file' })
      else found.config = token.value
    } else if (token.value !== undefined) {
      problems.push({ setting: token.rawName, wrong: 'takes no value', allowed: token.rawName })
    } else {
      found[token.name] = true
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return { lan: false, help: false, version: false, ...found }
}

function isOption(name: string): name is keyof typeof options {
  return Object.hasOwn(options, name)
}

function suggestion(name: string): string {
  const near = nearest(name, Object.keys(options))
  return near === undefined ? '' : `; did you mean --${near}?`
}
