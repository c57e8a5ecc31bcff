import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { Config } from '../../config/schema.ts'

export interface Visitor {
  /** The `Origin` header: browsers always send it, other programs need not. */
  readonly origin: string | undefined
  /** The `Host` header. */
  readonly host: string | undefined
}

/**
 * Whether whoever asks may open a WebSocket here: a page served by this very host (whatever its port or scheme, which
 * a proxy or a development server changes), the public URL's, a configured one, or a program that is no browser.
 *
 * Development mode has open rooms, so there the host must also be a name that cannot be somebody else's: a page of
 * another site whose name was made to resolve to this machine (DNS rebinding) calls itself by that name.
 */
export function mayConnect(visitor: Visitor, config: Pick<Config, 'mode' | 'http'>): boolean {
  const { origin, host } = visitor
  const { publicUrl, corsOrigins } = config.http
  if (origin === undefined) return true
  const from = hostnameOf(origin)
  if (from === undefined) return false
  if (corsOrigins.includes('*') || corsOrigins.includes(origin)) return true
  if (publicUrl !== '' && URL.canParse(publicUrl) && new URL(publicUrl).origin === origin) return true
  if (host === undefined || from !== hostnameOf(`http://${host}`)) return false
  return config.mode === 'production' || isOwnName(from)
}

/**
 * Whether a request that carries cookies comes from a page of this very server, port included: browsers send the `Origin`
 * of a page with everything that may change something. One without it is no browser's, and none of those has our cookies.
 */
export function isOwnPage({ origin, host }: Visitor, config: Pick<Config, 'mode' | 'http'>): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false
  const { publicUrl } = config.http
  if (publicUrl !== '' && URL.canParse(publicUrl) && new URL(publicUrl).origin === origin) return true
  const from = new URL(origin)
  return from.host === host && (config.mode === 'production' || isOwnName(from.hostname))
}

function isOwnName(name: string): boolean {
  const bare = name.replace(/^\[|\]$/g, '')
  const own = hostname().toLowerCase()
  return (
    isIP(bare) !== 0 ||
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === own ||
    name === `${own}.local`
  )
}

function hostnameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined
}
