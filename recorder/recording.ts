import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdir, open, statfs } from 'node:fs/promises'
import { recordedCodec, type RecordedCodec } from './codecs/depacketizer.ts'
import {
  readManifest,
  trackEndReasons,
  writeManifest,
  type Manifest,
  type RecordingEndReason,
  type Track,
  type TrackEndReason,
} from './manifest.ts'
import type { AddTap, RecordingStatistics, StartRecording } from './messages.ts'
import { processIdentity } from './process-identity.ts'
import { RecorderError, toRecorderError } from './recorder-error.ts'
import { portsKey, readSocketDrops } from './socket-drops.ts'
import { Tap } from './tap.ts'
import { PublisherClocks } from './track-clock.ts'

const tickMs = 50
/** With a cluster of 400 ms, a machine that stops at once loses less than 2 s; lower writes to the disk more often. */
const syncEveryMs = 1400
const manifestEveryMs = 5000
/** A key frame of a large picture comes as hundreds of packets at once; the kernel caps it at net.core.rmem_max. */
const receiveBufferBytes = 2 * 1024 * 1024
/** Writing the manifest may hold up media for one part in so many of the time. */
const manifestShare = 50
/**
 * Each time somebody begins to publish is a track, and all are in the manifest, which is written again and again: whoever does
 * nothing else must not hold up the others. A camera that is put on and off each minute makes 720 in a call of twelve hours.
 */
const mostTracksOfOne = 1000
const mostTracks = 10_000
/**
 * A window that is resized by hand makes a file per size, for each who shares one; whoever makes more than this is not recorded
 * further. All are in the manifest and are synced.
 */
const mostFilesOfOne = 2000
const mostFiles = 20_000
/** Files that are synced at the same time: a file system does much of it for all at once. */
const syncedTogether = 4

interface RunningTap {
  readonly tap: Tap
  readonly socket: Socket
  readonly track: Track
  /** Both ends of the socket, as `portsKey`; undefined until it is connected. */
  ports: string | undefined
}

/** Milliseconds since 1970 on a clock that never steps. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now()
}

/** One recording in the recorder process: its taps, its sockets and its manifest. */
export class Recording {
  readonly #options: StartRecording
  readonly #onEnded: (recording: Recording, reason: RecordingEndReason) => void
  readonly #startedMs = nowMs()
  readonly #manifest: Manifest
  #freeBytes = 0
  /** Of tracks that have ended: what is learned of their publisher's clock until the recording ends is true of them, too. */
  readonly #ended = new Map<Track, Tap>()
  #endedPackets = 0
  #endedLost = 0
  /** How many tracks there are of each participant. */
  readonly #tracksOf = new Map<string, number>()
  /** How many files were begun for each participant, and for all. */
  readonly #filesOf = new Map<string, number>()
  #files = 0
  readonly #publishers = new Map<string, PublisherClocks>()
  /** When the manifest was written last, and how long making its text took. */
  #savedMs = 0
  #saveCostMs = 0
  /** Whether files were made since the folder was synced. */
  #hasNewFiles = true
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
    onEnded: (recording: Recording, reason: RecordingEndReason) => void,
  ): Promise<Recording> {
    await mkdir(options.folder, { recursive: true })
    if ((await readManifest(options.folder)) !== undefined) {
      throw new RecorderError('recording-exists', 'the folder holds a recording already')
    }
    const recording = new Recording(options, onEnded, await processIdentity(process.pid))
    await recording.#lookForSpace()
    if (recording.#freeBytes < options.minFreeBytes) {
      throw new RecorderError('disk-full', 'less is free on the disk than is to stay so')
    }
    await recording.#save()
    recording.#startTimers()
    return recording
  }

  private constructor(
    options: StartRecording,
    onEnded: (recording: Recording, reason: RecordingEndReason) => void,
    identity: string | undefined,
  ) {
    this.#options = options
    this.#onEnded = onEnded
    this.#manifest = {
      version: 1,
      recordingId: options.recordingId,
      state: 'recording',
      startedAt: new Date(this.#startedMs).toISOString(),
      writer: process.pid,
      ...(identity !== undefined && { writerIdentity: identity }),
      tracks: [],
    }
  }

  /** Opens a port of its own for the consumer; mediasoup's transport is to be connected to it. */
  async addTap(request: AddTap): Promise<number> {
    const { trackId, participantId, displayName, source } = request
    const codec = this.#admit(request)
    const socket = createSocket({
      type: request.from.ip.includes(':') ? 'udp6' : 'udp4',
      recvBufferSize: receiveBufferBytes,
    })
    const publisher = this.#publishers.get(participantId) ?? new PublisherClocks()
    this.#publishers.set(participantId, publisher)
    const tap = new Tap({
      folder: this.#options.folder,
      trackId,
      codec,
      clockRate: request.clockRate,
      payloadType: request.payloadType,
      audioLevelId: request.audioLevelId,
      publisher,
      mayBeginFile: () => this.#mayBeginFile(participantId),
      send: (rtcp) => socket.send(rtcp, () => undefined),
      onChanged: () => {
        this.#hasNewFiles = true
        this.#changed()
      },
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
    this.#tracksOf.set(participantId, (this.#tracksOf.get(participantId) ?? 0) + 1)
    const running: RunningTap = { tap, socket, track, ports: undefined }
    this.#taps.set(trackId, running)
    try {
      await connect(socket, request.from)
      const { port } = socket.address()
      running.ports = portsKey({ local: port, remote: request.from.port })
      socket.on('message', (bytes) => tap.receive(bytes, nowMs()))
      // When the other end is gone, the kernel reports that as an error; the tap ends when it is told to.
      socket.on('error', () => undefined)
      if (this.#taps.get(trackId) !== running) throw new RecorderError('ended', 'the track has ended')
      // Nobody waits for the disk: whose consumer is late misses a second of picture (open-tap.ts), and nothing of a track
      // is written before its packets have waited for order, which takes longer.
      this.#changed()
      return port
    } catch (error) {
      await this.#end(trackId, 'closed')
      if (!this.#closed) this.#forget(track)
      throw error
    }
  }

  /** The codec of a track that may be added; throws if it may not. */
  #admit({ trackId, participantId, mimeType }: AddTap): RecordedCodec {
    const { tracks } = this.#manifest
    if (this.#closed) throw new RecorderError('ended', 'the recording has ended')
    if (tracks.some((track) => track.trackId === trackId)) {
      throw new RecorderError('track-exists', `there is a track ${trackId} already`)
    }
    const own = this.#tracksOf.get(participantId) ?? 0
    if (tracks.length >= mostTracks || own >= mostTracksOfOne) {
      throw new RecorderError(
        'too-many',
        `there are ${own} tracks of ${participantId}, ${tracks.length} of all`,
      )
    }
    const codec = recordedCodec(mimeType)
    if (!codec) throw new RecorderError('not-recordable', `${mimeType} cannot be recorded`)
    return codec
  }

  #mayBeginFile(participantId: string): boolean {
    const own = this.#filesOf.get(participantId) ?? 0
    if (own >= mostFilesOfOne || this.#files >= mostFiles) return false
    this.#filesOf.set(participantId, own + 1)
    this.#files++
    return true
  }

  /** A track through which nothing came never was: its id may be used again. */
  #forget(track: Track): void {
    const place = this.#manifest.tracks.indexOf(track)
    if (place < 0 || track.files.length > 0) return
    this.#manifest.tracks.splice(place, 1)
    this.#tracksOf.set(track.participantId, this.#tracksOf.get(track.participantId)! - 1)
    this.#ended.delete(track)
  }

  /** Somebody has another name from now on. */
  updateTap({ trackId, displayName }: { trackId: string; displayName: string }): undefined {
    const running = this.#taps.get(trackId)
    if (!running) throw new RecorderError('ended', `there is no track ${trackId}`)
    running.track.displayName = displayName
    this.#changed()
  }

  async removeTap(trackId: string, reason: TrackEndReason): Promise<Track | undefined> {
    const running = this.#taps.get(trackId)
    if (!running) return undefined
    await this.#end(trackId, reason)
    try {
      if (this.#isSaveDue) await this.#save()
    } catch (error) {
      // The track is finished; that the disk refuses the manifest is the end of the recording.
      this.#diskFailed(error as Error)
    }
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
    this.#settle()
    this.#manifest.state = 'finished'
    this.#manifest.endedAt = new Date(nowMs()).toISOString()
    this.#manifest.endReason = reason
    // On a full disk the old manifest stays, and recover() makes this one again.
    await this.#save().catch(() => undefined)
    this.#onEnded(this, reason)
    return this.#manifest
  }

  get statistics(): RecordingStatistics {
    const now = nowMs()
    const tracks = Array.from(this.#taps.values(), ({ tap, track }) => ({
      trackId: track.trackId,
      participantId: track.participantId,
      source: track.source,
      ...tap.statistics,
      files: tap.fileCount,
      quietForMs: tap.lastPacketMs === undefined ? undefined : Math.round(now - tap.lastPacketMs),
    }))
    return {
      recordingId: this.#options.recordingId,
      durationMs: Math.round(now - this.#startedMs),
      packets: tracks.reduce((sum, { packets }) => sum + packets, this.#endedPackets),
      lost: tracks.reduce((sum, { lost }) => sum + lost, this.#endedLost),
      freeBytes: Math.max(0, this.#freeBytes - this.#options.minFreeBytes),
      tracks,
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
    this.#describe(tap, track)
    track.endedMs = Math.round(nowMs() - this.#startedMs)
    track.endReason = reason
    this.#ended.set(track, tap)
    this.#endedPackets += track.statistics.packets
    this.#endedLost += track.statistics.lost
  }

  /** Says of all tracks where they lie in time, with all that is known of the clocks now. */
  #settle(): void {
    for (const tap of this.#ended.values()) tap.settle()
    this.#manifest.tracks = this.#manifest.tracks.map((track) => {
      const tap = this.#ended.get(track)
      if (!tap) return track
      // Another object, because of this one the manifest keeps its text.
      const settled = { ...track }
      this.#describe(tap, settled)
      return settled
    })
  }

  #describe(tap: Tap, track: Track): void {
    track.files = tap.files(this.#startedMs)
    track.statistics = tap.statistics
    const speech = tap.speech(this.#startedMs)
    if (speech) track.speech = speech
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
    every(manifestEveryMs, () => void this.#countDrops())
    let isSyncing = false
    every(syncEveryMs, () => {
      if (isSyncing) return
      isSyncing = true
      void this.#sync().finally(() => (isSyncing = false))
    })
  }

  async #sync(): Promise<void> {
    try {
      const waiting = [...this.#taps.values()]
      const one = async (): Promise<void> => {
        for (let running = waiting.pop(); running; running = waiting.pop()) await running.tap.sync()
      }
      await Promise.all(Array.from({ length: syncedTogether }, one))
      if (this.#hasNewFiles) {
        this.#hasNewFiles = false
        await syncFolder(this.#options.folder)
      }
      await this.#lookForSpace()
      if (this.#freeBytes < this.#options.minFreeBytes) this.#endBecause('disk-full')
    } catch (error) {
      this.#diskFailed(error as Error)
    }
  }

  async #lookForSpace(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#options.folder)
    this.#freeBytes = bavail * bsize
  }

  async #countDrops(): Promise<void> {
    const drops = await readSocketDrops()
    for (const { tap, ports } of this.#taps.values()) tap.socketDrops = drops.get(ports ?? '') ?? 0
  }

  /** Something changed that recovery would find out by itself, if less exactly: large manifests are written less often. */
  #changed(): void {
    if (!this.#isSaveDue) return
    this.#save().catch((error: unknown) => this.#diskFailed(error as Error))
  }

  get #isSaveDue(): boolean {
    return nowMs() - this.#savedMs >= this.#saveCostMs * manifestShare
  }

  #diskFailed(error: Error): void {
    this.#endBecause(toRecorderError(error).code === 'disk-full' ? 'disk-full' : 'disk-error')
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
      this.#savedMs = nowMs()
      for (const { tap, track } of this.#taps.values()) this.#describe(tap, track)
      const written = writeManifest(this.#options.folder, this.#manifest)
      this.#saveCostMs = nowMs() - this.#savedMs
      await written
    }
  }
}

/**
 * Binds a socket to the loopback address of mediasoup's transport, on a port the system knows to be free, and connects it, so
 * that the kernel keeps out what others send there. Throws also when somebody closes it meanwhile.
 */
async function connect(socket: Socket, to: { ip: string; port: number }): Promise<void> {
  const stop = new AbortController()
  socket.once('close', () => stop.abort())
  const { signal } = stop
  try {
    const listening = once(socket, 'listening', { signal })
    socket.bind(0, to.ip)
    await listening
    const connected = once(socket, 'connect', { signal })
    socket.connect(to.port, to.ip)
    await connected
  } catch (error) {
    throw signal.aborted ? new RecorderError('ended', 'the track has ended') : error
  }
}

/** So that the names of new files outlive the machine, too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.datasync()
  } finally {
    await handle.close()
  }
}
