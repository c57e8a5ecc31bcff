import { Unwrapper, type RtpPacket } from './rtp.ts'

/** A packet in its place. */
export interface OrderedPacket extends RtpPacket {
  /** The sequence number, continued beyond 16 bits. */
  readonly index: number
  readonly arrivedMs: number
  /** How many packets before it are given up. */
  readonly lostBefore: number
}

export interface ReorderCounts {
  received: number
  duplicates: number
  /** Came out of order, but in time. */
  reordered: number
  /** Came after they were given up, so they count as lost, too. */
  late: number
  lost: number
}

/** Beyond this distance a sequence number says that the stream began anew. */
const restartDistance = 3000
/** Packets held for a hole; at 20 Mbit/s that is more than two seconds. Beyond it the hole is given up early. */
const mostHeld = 5000
const rememberedLosses = 256

/**
 * Puts packets in order. Without a hole each passes at once; behind a hole they wait until it is filled or `holdMs` are
 * over, which has to be longer than the sender takes to send again what was lost.
 */
export class ReorderBuffer {
  readonly counts: ReorderCounts = { received: 0, duplicates: 0, reordered: 0, late: 0, lost: 0 }
  readonly #holdMs: number
  readonly #held = new Map<number, { packet: RtpPacket; arrivedMs: number }>()
  /** The last ones that were given up: whether a packet that comes too late is a duplicate or was lost. */
  readonly #gaveUp = new Set<number>()
  #unwrapper = new Unwrapper(16)
  #next: number | undefined
  #newest = 0
  /** Since when the packet whose turn it is has been missed. */
  #missedSinceMs: number | undefined
  #lostBefore = 0
  /** A packet so far away that the stream may have begun anew, if the next one follows it. */
  #stray: { packet: RtpPacket; arrivedMs: number } | undefined

  constructor(options: { holdMs: number }) {
    this.#holdMs = options.holdMs
  }

  /** The packets whose turn it is now that this one has come. */
  push(packet: RtpPacket, nowMs: number): OrderedPacket[] {
    this.counts.received++
    const rest: OrderedPacket[] = []
    if (this.#next !== undefined) {
      const distance = this.#unwrapper.peek(packet.sequence) - this.#newest
      if (Math.abs(distance) > restartDistance) {
        const stray = this.#stray
        this.#stray = { packet, arrivedMs: nowMs }
        // One alone is a packet that was under way for seconds (RFC 3550, A.1).
        if (stray?.packet.sequence !== ((packet.sequence - 1) & 0xffff)) {
          this.counts.late++
          return rest
        }
        this.counts.late--
        rest.push(...this.flush())
        this.#restart()
        rest.push(...this.#place(stray.packet, stray.arrivedMs))
      }
    }
    this.#stray = undefined
    rest.push(...this.#place(packet, nowMs))
    return rest
  }

  #place(packet: RtpPacket, nowMs: number): OrderedPacket[] {
    const index = this.#unwrapper.unwrap(packet.sequence)
    if (this.#next === undefined) this.#next = this.#newest = index

    if (index < this.#next) {
      if (this.#gaveUp.has(index)) this.counts.late++
      else this.counts.duplicates++
      return []
    }
    if (this.#held.has(index)) {
      this.counts.duplicates++
      return []
    }
    if (index < this.#newest) this.counts.reordered++
    else this.#newest = index
    this.#held.set(index, { packet, arrivedMs: nowMs })
    return this.#release(nowMs)
  }

  /** The packets behind holes that have lasted too long. Call it now and then: a stream may stop behind a hole. */
  tick(nowMs: number): OrderedPacket[] {
    return this.#release(nowMs)
  }

  /** Everything that is held, holes given up. */
  flush(): OrderedPacket[] {
    return this.#release(Number.POSITIVE_INFINITY)
  }

  /** The sequence numbers of 16 bits that are waited for, at most `limit` of them. */
  missing(limit: number): number[] {
    const found: number[] = []
    if (this.#next === undefined || this.#held.size === 0) return found
    for (let index = this.#next; index < this.#newest && found.length < limit; index++) {
      if (!this.#held.has(index)) found.push(index & 0xffff)
    }
    return found
  }

  /** How long the packet whose turn it is has been missed. */
  missedForMs(nowMs: number): number {
    return this.#missedSinceMs === undefined ? 0 : nowMs - this.#missedSinceMs
  }

  #release(nowMs: number): OrderedPacket[] {
    const released: OrderedPacket[] = []
    while (this.#next !== undefined && this.#held.size > 0) {
      const found = this.#held.get(this.#next)
      if (found) {
        this.#held.delete(this.#next)
        const { packet, arrivedMs } = found
        released.push({ ...packet, arrivedMs, index: this.#next, lostBefore: this.#lostBefore })
        this.#lostBefore = 0
        this.#missedSinceMs = undefined
        this.#next++
        continue
      }
      // It is missed since the first packet behind it came.
      this.#missedSinceMs ??= Math.min(...Array.from(this.#held.values(), ({ arrivedMs }) => arrivedMs))
      if (nowMs - this.#missedSinceMs < this.#holdMs && this.#held.size < mostHeld) break
      this.#giveUp(this.#next, Math.min(...this.#held.keys()))
    }
    return released
  }

  #giveUp(from: number, until: number): void {
    this.counts.lost += until - from
    this.#lostBefore += until - from
    this.#missedSinceMs = undefined
    this.#next = until
    for (let index = Math.max(from, until - rememberedLosses); index < until; index++) this.#gaveUp.add(index)
    for (const index of this.#gaveUp) {
      if (this.#gaveUp.size <= rememberedLosses) break
      this.#gaveUp.delete(index)
    }
  }

  #restart(): void {
    this.#unwrapper = new Unwrapper(16)
    this.#next = undefined
    this.#gaveUp.clear()
    // Nobody knows how many are missing between the two.
    this.#lostBefore = 1
  }
}
