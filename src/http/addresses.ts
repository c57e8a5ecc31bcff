import { isIPv6 } from 'node:net'
import type { LimitsConfig } from '../../config/schema.ts'
import { limitExceeded } from '../lib/app-error.ts'
import { Rate } from '../lib/rate.ts'

interface Guest {
  open: number
  readonly rate: Rate
}

/** How many addresses are remembered before those that owe nothing are forgotten. */
const sweepAbove = 10_000

/** What each client address has open, and how fast it opens more. IPv6 counts by its /64, which is one subscriber's. */
export class Addresses {
  readonly #limits: Pick<LimitsConfig, 'connectionsPerAddress' | 'connectionsPerSecond'>
  readonly #guests = new Map<string, Guest>()

  constructor(limits: Pick<LimitsConfig, 'connectionsPerAddress' | 'connectionsPerSecond'>) {
    this.#limits = limits
  }

  /** Throws `limit-exceeded` when this address may not open another connection now. */
  check(ip: string, nowMs: number): void {
    const { connectionsPerAddress, connectionsPerSecond } = this.#limits
    const guest = this.#guest(ip, nowMs)
    if (guest.open >= connectionsPerAddress)
      throw limitExceeded('connectionsPerAddress', connectionsPerAddress)
    if (!guest.rate.take(nowMs)) throw limitExceeded('connectionsPerSecond', connectionsPerSecond)
  }

  /** Counts a connection until the function it returns is called. */
  opened(ip: string, nowMs: number): () => void {
    const guest = this.#guest(ip, nowMs)
    guest.open++
    return () => {
      guest.open--
    }
  }

  #guest(ip: string, nowMs: number): Guest {
    const key = subscriberOf(ip)
    const known = this.#guests.get(key)
    if (known) return known
    if (this.#guests.size >= sweepAbove) this.#sweep(nowMs)
    const { connectionsPerAddress: burst, connectionsPerSecond: perSecond } = this.#limits
    const guest = { open: 0, rate: new Rate({ burst, perSecond, nowMs }) }
    this.#guests.set(key, guest)
    return guest
  }

  #sweep(nowMs: number): void {
    for (const [key, guest] of this.#guests) {
      if (guest.open === 0 && guest.rate.isFull(nowMs)) this.#guests.delete(key)
    }
  }
}

/** The address itself, or the first four groups of an IPv6 address. IPv4 within IPv6 is IPv4. */
export function subscriberOf(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1]
  if (mapped) return mapped
  if (!isIPv6(ip)) return ip
  const [head = '', tail] = ip.split('%')[0]!.split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length)
  const groups = [...first, ...Array.from({ length: zeros }, () => '0'), ...last]
  return groups.slice(0, 4).join(':').toLowerCase()
}
