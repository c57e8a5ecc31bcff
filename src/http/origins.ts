import type { HttpConfig } from '../../config/schema.ts'

/**
 * Whether a page of `origin` may open a WebSocket here: one served by this very host (whatever its port or scheme, which
 * a proxy or a development server changes), the public URL's, or a configured one. Programs that are no browser send no
 * origin and may; browsers always send it.
 */
export function mayConnect(
  origin: string | undefined,
  host: string | undefined,
  http: Pick<HttpConfig, 'publicUrl' | 'corsOrigins'>,
): boolean {
  if (origin === undefined) return true
  const from = hostnameOf(origin)
  if (from === undefined) return false
  if (http.corsOrigins.includes('*') || http.corsOrigins.includes(origin)) return true
  if (http.publicUrl !== '' && URL.canParse(http.publicUrl) && new URL(http.publicUrl).origin === origin)
    return true
  return host !== undefined && from === hostnameOf(`http://${host}`)
}

function hostnameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined
}
