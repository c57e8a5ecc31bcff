import type { Depacketizer, MediaFrame } from './depacketizer.ts'

/** Opus (RFC 7587): a packet is a frame, and each can be decoded on its own. */
export class OpusDepacketizer implements Depacketizer {
  #payload: Buffer | undefined

  startsKeyFrame(payload: Buffer): boolean {
    return payload.length > 0
  }

  add(payload: Buffer): void {
    this.#payload = payload.length > 0 ? payload : undefined
  }

  take(): MediaFrame | undefined {
    const data = this.#payload
    this.#payload = undefined
    return data && { data, isKey: true }
  }

  reset(): void {
    this.#payload = undefined
  }
}

/** Milliseconds of sound in an Opus packet, from its first two bytes (RFC 6716, 3.1). */
export function opusDurationMs(packet: Buffer): number {
  const toc = packet[0]
  if (toc === undefined) return 0
  const config = toc >> 3
  const frameMs =
    config < 12
      ? [10, 20, 40, 60][config & 3]!
      : config < 16
        ? [10, 20][config & 1]!
        : [2.5, 5, 10, 20][config & 3]!
  const code = toc & 3
  const frames = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 0x3f
  return frameMs * frames
}

/** The identification header that a container carries for Opus from WebRTC: two channels, nothing to skip (RFC 7845, 5.1). */
export const opusHead = Buffer.from([
  ...Buffer.from('OpusHead'),
  1, // version
  2, // channels
  0, 0, // samples to skip at the start
  0x80, 0xbb, 0, 0, // 48000 Hz
  0, 0, // gain
  0, // mapping
]) // prettier-ignore
