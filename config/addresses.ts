import { lookup as dnsLookup } from 'node:dns/promises'
import { BlockList, isIP, isIPv4, isIPv6, SocketAddress } from 'node:net'
import { networkInterfaces } from 'node:os'
import { ConfigError, type ConfigProblem } from './config-error.ts'
import type { Config, HttpConfig, WorkersConfig } from './schema.ts'

/** An address media is received on. Spread into mediasoup's listen infos; protocol and port are the worker's. */
export interface ListenAddress {
  readonly ip: string
  /** The address browsers are told, always an IP address and of the same family. */
  readonly announcedAddress?: string
  /** Only on `::`, so that it leaves IPv4 to the entry beside it. */
  readonly flags?: { readonly ipv6Only: boolean }
}

export type Interfaces = ReturnType<typeof networkInterfaces>
/** Addresses of a DNS name in one family; rejects or answers none when there are none. */
export type Lookup = (name: string, family: 4 | 6) => Promise<readonly string[]>

export interface ResolveListenOptions {
  readonly mode: Config['mode']
  /** Serve the local network: its address is the default in either mode. */
  readonly lan: boolean
  readonly interfaces?: Interfaces
  readonly lookup?: Lookup
}

/**
 * Turns `workers.listen`, or its absence, into what the workers listen on. Throws a `ConfigError` for entries that are
 * malformed, not of this host, or whose name does not resolve.
 */
export async function resolveListen(
  workers: Pick<WorkersConfig, 'listen'>,
  { mode, lan, interfaces = networkInterfaces(), lookup = systemLookup }: ResolveListenOptions,
): Promise<{ listen: ListenAddress[]; warnings: string[] }> {
  const problems: ConfigProblem[] = []
  const warnings: string[] = []
  const listen: ListenAddress[] = []

  for (const text of workers.listen.length > 0 ? workers.listen : defaultEntries(mode, lan, interfaces)) {
    const entry = parseListenEntry(text)
    const wrong = typeof entry === 'string' ? entry : notListenable(entry.ip, listen, interfaces)
    if (typeof entry === 'string' || wrong !== undefined) {
      problems.push(problem(text, wrong ?? ''))
      continue
    }
    const announced = await announce(entry, interfaces, lookup, warnings)
    if ('wrong' in announced) problems.push(problem(text, announced.wrong))
    else listen.push(listenAddress(entry.ip, announced.address))
  }
  if (problems.length > 0) throw new ConfigError(problems)

  if (mode === 'production' && !lan) warnings.push(...reachWarnings(listen))
  return { listen, warnings }
}

function problem(entry: string, wrong: string): ConfigProblem {
  return {
    setting: 'workers.listen',
    wrong: `${JSON.stringify(entry)} ${wrong}`,
    allowed:
      'an address of this host, or address=announced: 192.0.2.10, 0.0.0.0=203.0.113.7, [::]=media.example.org',
  }
}

function defaultEntries(mode: Config['mode'], lan: boolean, interfaces: Interfaces): readonly string[] {
  if (lan) {
    const address = lanAddress(interfaces)
    return [address ?? '127.0.0.1']
  }
  return [mode === 'development' ? '127.0.0.1' : '0.0.0.0']
}

export interface ListenEntry {
  readonly ip: string
  /** An address or a DNS name, as written. */
  readonly announced: string | undefined
}

/** Reads `address` or `address=announced`. Answers a sentence about what is wrong with it if it is neither. */
export function parseListenEntry(text: string): ListenEntry | string {
  const equals = text.indexOf('=')
  const ip = unbracket(equals < 0 ? text : text.slice(0, equals))
  const announced = equals < 0 ? undefined : unbracket(text.slice(equals + 1))
  if (isIP(ip) === 0)
    return /^[^:]+:\d+$|\]:\d+$/.test(ip)
      ? 'has a port; the port is workers.portBase'
      : 'does not begin with an IP address'
  if (ip.includes('%')) return 'has a zone; link-local addresses are of no use to browsers'
  if (announced === undefined) return { ip: canonical(ip), announced }
  if (isIP(announced) === 0) {
    if (!isDnsName(announced)) return 'is not followed by an IP address or DNS name'
    return { ip: canonical(ip), announced }
  }
  if (isIP(announced) !== isIP(ip))
    return 'announces an address of the other family; add an entry for each family'
  if (addressKind(announced) === 'unspecified' || addressKind(announced) === 'multicast')
    return 'announces an address nobody can send to'
  return { ip: canonical(ip), announced: canonical(announced) }
}

function unbracket(text: string): string {
  const trimmed = text.trim()
  return /^\[[^\]]*\]$/.test(trimmed) ? trimmed.slice(1, -1) : trimmed
}

/** IPv6 has many spellings of one address; they are compared and announced in the short one. */
function canonical(ip: string): string {
  return isIPv6(ip) ? new SocketAddress({ address: ip, family: 'ipv6' }).address : ip
}

function isDnsName(text: string): boolean {
  // A name whose last part is a number is a mistyped IPv4 address.
  return (
    text.length <= 253 &&
    /^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.?)+$/i.test(text) &&
    !/(^|\.)\d+\.?$/.test(text)
  )
}

function notListenable(
  ip: string,
  before: readonly ListenAddress[],
  interfaces: Interfaces,
): string | undefined {
  const kind = addressKind(ip)
  const own = Object.values(interfaces).flatMap((list) => list ?? [])
  if (
    kind !== 'unspecified' &&
    kind !== 'loopback' &&
    !own.some(({ address }) => canonical(address.replace(/%.*/, '')) === ip)
  ) {
    const usable = own
      .filter(({ address }) => addressKind(address) !== 'link-local')
      .map(({ address }) => address)
    return `is not an address of this host (it has ${usable.join(', ')}). Behind NAT write local=public, such as 0.0.0.0=${ip}`
  }
  const clash = before.find(
    (other) => isIP(other.ip) === isIP(ip) && (other.ip === ip || isAny(other.ip) || isAny(ip)),
  )
  if (clash === undefined) return undefined
  return clash.ip === ip
    ? 'is listed twice'
    : `overlaps with ${clash.ip}: list single addresses, or the wildcard alone`
}

function isAny(ip: string): boolean {
  return addressKind(ip) === 'unspecified'
}

async function announce(
  { ip, announced }: ListenEntry,
  interfaces: Interfaces,
  lookup: Lookup,
  warnings: string[],
): Promise<{ address: string | undefined } | { wrong: string }> {
  const family = isIPv4(ip) ? 4 : 6
  if (announced === undefined) {
    if (!isAny(ip)) return { address: undefined }
    const own = hostAddress(interfaces, family)
    return own === undefined
      ? { wrong: `needs an announced address: this host has no IPv${family} address beyond itself` }
      : { address: own }
  }
  if (isIP(announced) !== 0) return { address: announced }

  const record = family === 4 ? 'A' : 'AAAA'
  let found: readonly string[]
  try {
    found = (await lookup(announced, family)).filter((address) => isIP(address) === family)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    return { wrong: `announces a name that does not resolve: no ${record} record of ${announced} (${code})` }
  }
  const [first, ...more] = found
  if (first === undefined)
    return { wrong: `announces a name that does not resolve: no ${record} record of ${announced}` }
  if (more.length > 0) {
    warnings.push(
      `${announced} has ${found.length} addresses; ${first} is announced. Give the address itself in workers.listen to choose.`,
    )
  }
  return { address: canonical(first) }
}

async function systemLookup(name: string, family: 4 | 6): Promise<readonly string[]> {
  const answers = await dnsLookup(name, { family, all: true })
  return answers.map(({ address }) => address)
}

function listenAddress(ip: string, announcedAddress: string | undefined): ListenAddress {
  return {
    ip,
    ...(announcedAddress === undefined || announcedAddress === ip ? {} : { announcedAddress }),
    ...(ip === '::' ? { flags: { ipv6Only: true } } : {}),
  }
}

/** What keeps people from reaching these addresses. */
export function reachWarnings(listen: readonly ListenAddress[]): string[] {
  return listen.flatMap(({ ip, announcedAddress = ip }) => {
    switch (addressKind(announcedAddress)) {
      case 'loopback':
        return [
          `Media is announced as ${announcedAddress}: only browsers on this machine can reach it. Set workers.listen.`,
        ]
      case 'private':
        return [
          `Media is announced as ${announcedAddress}, a private address: people outside your network cannot reach it. Set workers.listen to ${anyOf(ip)}=<public address>.`,
        ]
      case 'link-local':
        return [
          `Media is announced as ${announcedAddress}, a link-local address: browsers will not use it. Set workers.listen.`,
        ]
      default:
        return []
    }
  })
}

function anyOf(ip: string): string {
  return isIPv4(ip) ? '0.0.0.0' : '[::]'
}

export type AddressKind = 'unspecified' | 'loopback' | 'link-local' | 'private' | 'multicast' | 'public'

const kinds: readonly (readonly [Exclude<AddressKind, 'public'>, BlockList])[] = [
  ['unspecified', subnets('0.0.0.0/32', '::/128')],
  ['loopback', subnets('127.0.0.0/8', '::1/128')],
  ['link-local', subnets('169.254.0.0/16', 'fe80::/10')],
  // 100.64.0.0/10 is shared by the customers of a carrier, and by overlay networks: private to us.
  ['private', subnets('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7')],
  ['multicast', subnets('224.0.0.0/3', 'ff00::/8')],
]

/** Who can reach an IP address. */
export function addressKind(ip: string): AddressKind {
  const plain = ip.replace(/%.*/, '')
  return kinds.find(([, list]) => list.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6'))?.[0] ?? 'public'
}

function subnets(...nets: string[]): BlockList {
  const list = new BlockList()
  for (const net of nets) {
    const [address = '', bits] = net.split('/')
    list.addSubnet(address, Number(bits), isIPv4(address) ? 'ipv4' : 'ipv6')
  }
  return list
}

/** Interfaces of containers, virtual machines and tunnels: they have addresses, and nobody else's browser reaches them. */
const virtualInterface =
  /^(docker|br-|bridge|veth|virbr|vmnet|vboxnet|vEthernet|cni|flannel|cali|cilium|lxc|lxd|podman|kube|tun|tap|utun|wg|tailscale|zt|ipsec|dummy|awdl|llw)/i

interface Candidate {
  readonly name: string
  readonly address: string
  readonly kind: AddressKind
}

/** The addresses others may reach this host by, those of physical-looking interfaces first. */
function candidates(interfaces: Interfaces, family: 4 | 6): Candidate[] {
  const all = Object.entries(interfaces).flatMap(([name, list]) =>
    (list ?? [])
      .filter((entry) => !entry.internal && entry.family === `IPv${family}`)
      .map(({ address }) => ({ name, address, kind: addressKind(address) })),
  )
  const reachable = all.filter(({ kind }) => kind === 'public' || kind === 'private')
  const physical = reachable.filter(({ name }) => !virtualInterface.test(name))
  return physical.length > 0 ? physical : reachable
}

/** The first public, else first private address of this host. */
export function hostAddress(interfaces: Interfaces, family: 4 | 6 = 4): string | undefined {
  const found = candidates(interfaces, family)
  return (found.find(({ kind }) => kind === 'public') ?? found[0])?.address
}

/** All IPv4 addresses by which the local network may reach this host, best first: home and office ranges, then others. */
export function lanAddresses(interfaces: Interfaces = networkInterfaces()): string[] {
  const rank = ({ address, kind }: Candidate) => (kind !== 'private' ? 2 : address.startsWith('100.') ? 1 : 0)
  return candidates(interfaces, 4)
    .sort((a, b) => rank(a) - rank(b))
    .map(({ address }) => address)
}

export function lanAddress(interfaces: Interfaces = networkInterfaces()): string | undefined {
  return lanAddresses(interfaces)[0]
}

/** The address to listen on for HTTP. */
export function httpHost({ mode, http }: Pick<Config, 'mode' | 'http'>): string {
  return http.host || (mode === 'development' ? '127.0.0.1' : '::')
}

export function isTls({ tlsCert, tlsKey }: HttpConfig): boolean {
  return tlsCert !== '' && tlsKey !== ''
}
