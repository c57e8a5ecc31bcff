import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdir, statfs } from 'node:fs/promises'
import { recordedCodec } from './codecs/depacketizer.ts'
import {
  trackEndReasons,
  writeManifest,
  type Manifest,
  type RecordingEndReason,
  type Track,
  type TrackEndReason,
} from './manifest.ts'
import type { AddTap, RecordingStatistics, StartRecording } from './messages.ts'
import { Tap } from './tap.ts'

const tickMs = 50
/** What a machine that stops at once may lose; lower writes to the disk more often. */
const syncEveryMs = 2000
const manifestEveryMs = 5000
/** A key frame of a large picture comes as hundreds of packets at once; the kernel caps it at net.core.rmem_max. */
const receiveBufferBytes = 2 * 1024 * 1024

interface RunningTap {
  readonly tap: Tap
  readonly socket: Socket
  readonly track: Track
}

/** Milliseconds since 1970 on a clock that never steps. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now()
}

/** One recording in the recorder process: its taps, its sockets and its manifest. */
export class Recording {
  readonly #options: StartRecording
  readonly #onEnded: (reason: RecordingEndReason) => void
  readonly #startedMs = nowMs()
  readonly #manifest: Manifest
  readonly #taps = new Map<string, RunningTap>()
  /** Taps whose files are being finished. */
  readonly #ending = new Map<string, Promise<void>>()
  readonly #timers: NodeJS.Timeout[] = []
  #saving: Promise<void> | undefined
  #savesAgain = false
  #closed: Promise<Manifest> | undefined

  /** Makes the folder and its manifest before anything is recorded. */
  static async create(
    options: StartRecording,
    onEnded: (reason: RecordingEndReason) => void,
  ): Promise<Recording> {
    await mkdir(options.folder, { recursive: true })
    const recording = new Recording(options, onEnded)
    if ((await recording.#freeBytes()) < options.minFreeBytes) throw new Error('disk-full')
    await recording.#save()
    recording.#startTimers()
    return recording
  }

  private constructor(options: StartRecording, onEnded: (reason: RecordingEndReason) => void) {
    this.#options = options
    this.#onEnded = onEnded
    this.#manifest = {
      version: 1,
      recordingId: options.recordingId,
      state: 'recording',
      startedAt: new Date(this.#startedMs).toISOString(),
      writer: process.pid,
      tracks: [],
    }
  }

  /** Opens a port of its own for the consumer; mediasoup's transport is to be connected to it. */
  async addTap(request: AddTap): Promise<number> {
    const { trackId, participantId, displayName, source } = request
    if (this.#closed) throw new Error('the recording has ended')
    if (this.#manifest.tracks.some((track) => track.trackId === trackId)) {
      throw new Error(`there is a track ${trackId} already`)
    }
    if (!/^[\w-]{1,64}$/.test(trackId)) throw new Error('a track id is made of letters, digits, - and _')
    const codec = recordedCodec(request.mimeType)
    if (!codec) throw new Error(`${request.mimeType} cannot be recorded`)

    const socket = createSocket({
      type: request.from.ip.includes(':') ? 'udp6' : 'udp4',
      recvBufferSize: receiveBufferBytes,
    })
    const tap = new Tap({
      folder: this.#options.folder,
      trackId,
      codec,
      clockRate: request.clockRate,
      payloadType: request.payloadType,
      send: (rtcp) => socket.send(rtcp, () => undefined),
      onChanged: () => this.#changed(),
      onFailed: (error) => this.#diskFailed(error),
    })
    const track: Track = {
      trackId,
      participantId,
      displayName,
      source,
      codec,
      addedMs: Math.round(nowMs() - this.#startedMs),
      statistics: tap.statistics,
      files: [],
    }
    this.#manifest.tracks.push(track)
    this.#taps.set(trackId, { tap, socket, track })
    try {
      // Bound to the same loopback address as mediasoup's transport, on a port the system knows to be free; connected, so
      // that the kernel keeps out what others send there.
      socket.bind(0, request.from.ip)
      await once(socket, 'listening')
      socket.connect(request.from.port, request.from.ip)
      await once(socket, 'connect')
      socket.on('message', (bytes) => tap.receive(bytes, nowMs()))
      // When the other end is gone, the kernel reports that as an error; the tap ends when it is told to.
      socket.on('error', () => undefined)
      await this.#save()
      if (this.#closed) throw new Error('the recording has ended')
      return socket.address().port
    } catch (error) {
      await this.#end(trackId, 'closed')
      throw error
    }
  }

  async removeTap(trackId: string, reason: TrackEndReason): Promise<Track | undefined> {
    const running = this.#taps.get(trackId)
    if (!running) return undefined
    await this.#end(trackId, reason)
    await this.#save()
    return running.track
  }

  /** Finishes all files; resolves with the manifest as it is on the disk. */
  close(reason: RecordingEndReason): Promise<Manifest> {
    this.#closed ??= this.#close(reason)
    return this.#closed
  }

  async #close(reason: RecordingEndReason): Promise<Manifest> {
    for (const timer of this.#timers) clearInterval(timer)
    const trackReason =
      reason === 'room-closed' ? 'closed' : (trackEndReasons.find((known) => known === reason) ?? 'stopped')
    const trackIds = [...this.#taps.keys(), ...this.#ending.keys()]
    await Promise.all(trackIds.map((trackId) => this.#end(trackId, trackReason)))
    this.#manifest.state = 'finished'
    this.#manifest.endedAt = new Date(nowMs()).toISOString()
    this.#manifest.endReason = reason
    // On a full disk the old manifest stays, and recover() makes this one again.
    await this.#save().catch(() => undefined)
    this.#onEnded(reason)
    return this.#manifest
  }

  get statistics(): RecordingStatistics {
    const now = nowMs()
    return {
      recordingId: this.#options.recordingId,
      durationMs: Math.round(now - this.#startedMs),
      tracks: Array.from(this.#taps.values(), ({ tap, track }) => ({
        trackId: track.trackId,
        participantId: track.participantId,
        source: track.source,
        ...tap.statistics,
        files: tap.files(this.#startedMs).length,
        quietForMs: tap.lastPacketMs === undefined ? undefined : Math.round(now - tap.lastPacketMs),
      })),
    }
  }

  #end(trackId: string, reason: TrackEndReason): Promise<void> {
    const running = this.#taps.get(trackId)
    if (!running) return this.#ending.get(trackId) ?? Promise.resolve()
    this.#taps.delete(trackId)
    const ending = this.#finish(running, reason).finally(() => this.#ending.delete(trackId))
    this.#ending.set(trackId, ending)
    return ending
  }

  async #finish({ socket, tap, track }: RunningTap, reason: TrackEndReason): Promise<void> {
    socket.removeAllListeners('message')
    socket.close()
    await tap.close(nowMs())
    track.files = tap.files(this.#startedMs)
    track.statistics = tap.statistics
    track.endedMs = Math.round(nowMs() - this.#startedMs)
    track.endReason = reason
  }

  #startTimers(): void {
    const every = (ms: number, act: () => void): void => {
      this.#timers.push(setInterval(act, ms))
    }
    every(tickMs, () => {
      const now = nowMs()
      for (const { tap } of this.#taps.values()) tap.tick(now)
    })
    every(manifestEveryMs, () => this.#changed())
    let isSyncing = false
    every(syncEveryMs, () => {
      if (isSyncing) return
      isSyncing = true
      void this.#sync().finally(() => (isSyncing = false))
    })
  }

  async #sync(): Promise<void> {
    try {
      // One after the other: a slow disk gets no slower by being asked for everything at once.
      for (const { tap } of this.#taps.values()) await tap.sync()
      if ((await this.#freeBytes()) < this.#options.minFreeBytes) this.#endBecause('disk-full')
    } catch (error) {
      this.#diskFailed(error as Error)
    }
  }

  async #freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#options.folder)
    return bavail * bsize
  }

  #changed(): void {
    this.#save().catch((error: unknown) => this.#diskFailed(error as Error))
  }

  #diskFailed(error: Error): void {
    this.#endBecause((error as NodeJS.ErrnoException).code === 'ENOSPC' ? 'disk-full' : 'disk-error')
  }

  #endBecause(reason: RecordingEndReason): void {
    if (!this.#closed) void this.close(reason)
  }

  /** Writes the manifest; a wish that comes meanwhile is met by one more writing after it. */
  #save(): Promise<void> {
    this.#savesAgain = true
    this.#saving ??= this.#saveUntilCalm().finally(() => (this.#saving = undefined))
    return this.#saving
  }

  async #saveUntilCalm(): Promise<void> {
    while (this.#savesAgain) {
      this.#savesAgain = false
      for (const { tap, track } of this.#taps.values()) {
        track.files = tap.files(this.#startedMs)
        track.statistics = tap.statistics
      }
      await writeManifest(this.#options.folder, this.#manifest)
    }
  }
}
