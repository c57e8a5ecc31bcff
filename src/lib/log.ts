import { PinoPretty } from 'pino-pretty'
import { pino, type Logger, type LoggerOptions } from 'pino'

export type Log = Logger

export interface LogOptions {
  readonly level: string
  /** Coloured lines for people instead of JSON. */
  readonly pretty: boolean
}

/** Fields that never reach a log, wherever in the first two levels they stand. */
const secretFields = [
  'token',
  'accessToken',
  'access_token',
  'authorization',
  'cookie',
  'password',
  'secret',
  'peerSecret',
  'refreshToken',
  'setUpCode',
]

/** The root logger. Parts take `log.child({ roomId, peerId })` so that a line says whom it is about. */
export function createLog(options: LogOptions): Log {
  const settings: LoggerOptions = {
    level: options.level,
    base: null,
    redact: {
      paths: secretFields.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: '[secret]',
    },
  }
  if (!options.pretty) return pino(settings)
  // In this process and at once, so that lines and what else is printed stay in order: only a person reads this.
  return pino(settings, PinoPretty({ sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' }))
}

/** Query strings may carry tokens, and so do the paths of secret links: a URL goes into logs without them. */
export function pathOnly(url: string): string {
  const query = url.indexOf('?')
  const path = query < 0 ? url : url.slice(0, query)
  return path.replace(/(\/(?:shared-recordings|recordings\/shared|calendar)\/)[^/]+/, '$1…')
}
