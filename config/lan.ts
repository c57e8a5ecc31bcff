import { createPrivateKey, X509Certificate } from 'node:crypto'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { hostname as osHostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { toString as qrToString } from 'qrcode'
import { generate } from 'selfsigned'
import { lanAddresses, type Interfaces } from './addresses.ts'
import { ConfigError } from './config-error.ts'
import { deepFreeze, type LoadedConfig } from './load.ts'

/** How the local network reaches this server. */
export interface Lan {
  /** The IPv4 address to open on the other device. */
  readonly address: string
  readonly certPath: string
  readonly keyPath: string
}

export interface LanOptions {
  readonly dataDir: string
  readonly interfaces?: Interfaces
  readonly hostname?: string
  readonly now?: Date
}

const dayMs = 24 * 60 * 60 * 1000
/** Browsers refuse certificates of more than 398 days. */
const lifeDays = 397
/** A server that is started less often than this may run into an expired certificate. */
const renewDays = 30

/**
 * Finds the address of this host in the local network and keeps a certificate for it in `<dataDir>/lan`: browsers give
 * pages a camera over HTTPS only. The certificate stays the same from start to start, so that a device that was told to
 * trust it need not be told again; it is made anew when the addresses changed or it expires soon.
 */
export async function prepareLan({
  dataDir,
  interfaces = networkInterfaces(),
  hostname = osHostname(),
  now = new Date(),
}: LanOptions): Promise<Lan> {
  const addresses = lanAddresses(interfaces)
  const [address] = addresses
  if (address === undefined) {
    throw new ConfigError([
      {
        setting: '--lan',
        wrong: 'this machine has no IPv4 address in a network; connect it and start again',
      },
    ])
  }
  const folder = join(dataDir, 'lan')
  const lan = { address, certPath: join(folder, 'cert.pem'), keyPath: join(folder, 'key.pem') }
  const names = [...new Set(['localhost', ...hostNames(hostname), '127.0.0.1', '::1', ...addresses])]
  if (await isCurrent(lan, names, now)) return lan

  const { cert, private: key } = await generate([{ name: 'commonName', value: 'Sluice on this network' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(now.getTime() - dayMs),
    notAfterDate: new Date(now.getTime() + (lifeDays - 1) * dayMs),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (isIP(name) ? { type: 7, ip: name } : { type: 2, value: name })),
      },
    ],
  })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // A crash between the two leaves a pair that does not fit; the next start sees that and makes a new one.
  await replaceFile(lan.keyPath, key, 0o600)
  await replaceFile(lan.certPath, cert, 0o644)
  return lan
}

/** The configuration with the certificate in it. A certificate of the operator's own, and an address, are left alone. */
export function withLan(loaded: LoadedConfig, lan: Lan): LoadedConfig {
  const { config, sources } = loaded
  const ownHost = sources['http.host'] !== 'default'
  const ownTls = config.http.tlsCert !== ''
  const http = {
    ...config.http,
    ...(ownHost ? {} : { host: '0.0.0.0' }),
    ...(ownTls ? {} : { tlsCert: lan.certPath, tlsKey: lan.keyPath }),
  }
  return deepFreeze({
    ...loaded,
    config: { ...config, http },
    sources: {
      ...sources,
      ...(ownHost ? {} : { 'http.host': 'argument' as const }),
      ...(ownTls ? {} : { 'http.tlsCert': 'argument' as const, 'http.tlsKey': 'argument' as const }),
    },
  })
}

/** A QR code made of half blocks, for a terminal. */
export function qrCode(url: string): Promise<string> {
  return qrToString(url, { type: 'terminal', small: true, errorCorrectionLevel: 'L' })
}

/** The name of this host, and the one by which the network's devices find it. Names that no certificate can hold are left out. */
function hostNames(hostname: string): string[] {
  const name = hostname.toLowerCase()
  if (!/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/.test(name) || isIP(name) !== 0) return []
  return name.includes('.') ? [name] : [name, `${name}.local`]
}

/** Whether a certificate is for this DNS name or IP address. */
export function certificateCovers(cert: X509Certificate, name: string): boolean {
  const covered = isIP(name) === 0 ? cert.checkHost(name, { subject: 'never' }) : cert.checkIP(name)
  return covered !== undefined
}

async function isCurrent({ certPath, keyPath }: Lan, names: readonly string[], now: Date): Promise<boolean> {
  try {
    const cert = new X509Certificate(await readFile(certPath))
    const key = createPrivateKey(await readFile(keyPath))
    await chmod(keyPath, 0o600)
    return (
      cert.checkPrivateKey(key) &&
      cert.validFromDate <= now &&
      cert.validToDate.getTime() - now.getTime() > renewDays * dayMs &&
      names.every((name) => certificateCovers(cert, name))
    )
  } catch {
    // Missing or unreadable: a new pair takes its place, and if the folder is at fault, writing it says so.
    return false
  }
}

async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const scratch = `${path}.${process.pid}.new`
  await writeFile(scratch, text, { mode, flush: true })
  await rename(scratch, path)
}
