import { BlockList, isIP, isIPv4 } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { Config } from '../../config/schema.ts'
import { isOwnPage } from './origins.ts'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/**
 * Whether somebody at this machine asks, by a name of this machine: not through a proxy or tunnel that runs here, and not by a
 * page of another site, even one whose name was made to resolve to this machine.
 */
export function isLocalVisitor(request: FastifyRequest, config: Pick<Config, 'mode' | 'http'>): boolean {
  const {
    origin,
    host,
    forwarded,
    via,
    'x-real-ip': realIp,
    'x-forwarded-for': forwardedFor = '',
  } = request.headers
  // A proxy that does not say for whom it asks may say that it is one.
  const isProxied = [forwarded, via, realIp].some((said) => said !== undefined)
  if (isProxied || !isLoopbackName(host)) return false
  if (origin !== undefined && !isOwnPage({ origin, host }, config)) return false
  const behind = [forwardedFor].flat().join().split(',')
  const addresses = [request.socket.remoteAddress ?? '', ...behind]
    .map((ip) => ip.trim())
    .filter((ip) => ip !== '')
  return addresses.length > 0 && addresses.every(isLoopback)
}

function isLoopback(ip: string): boolean {
  // As IPv6 with IPv4 in it where the server listens on all addresses.
  const bare = ip.replace(/^::ffff:(?=\d+\.)/i, '')
  return isIP(bare) !== 0 && loopback.check(bare, isIPv4(bare) ? 'ipv4' : 'ipv6')
}

function isLoopbackName(host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(`http://${host}`)) return false
  const name = new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, '')
  return name === 'localhost' || name.endsWith('.localhost') || isLoopback(name)
}
