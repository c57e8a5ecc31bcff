import type { TrackEndReason } from '../../recorder/manifest.ts'
import type { RecordingStatistics } from '../../recorder/messages.ts'
import { openTap } from '../../recorder/open-tap.ts'
import type { Recorder } from '../../recorder/recorder.ts'
import type { Log } from '../lib/log.ts'
import type { LiveRecording as LiveRecordingView } from '../protocol/model.ts'
import type { RecordingHealth } from '../protocol/recording.ts'
import type { Peer, PeerProducer } from '../rooms/peer.ts'
import type { Room } from '../rooms/room.ts'
import { mediaOf, type Media } from './admission.ts'
import { LiveTap } from './live-tap.ts'
import { Notices } from './notices.ts'
import type { Person } from './recordings.ts'
import type { EndReason } from './shapes.ts'

export interface LiveRecordingOptions {
  readonly recordingId: string
  readonly folder: string
  readonly room: Room
  readonly recorder: Recorder
  readonly startedAt: Date
  readonly startedBy: Person
  /** Who of the room started it, if the others may know. */
  readonly peerId: string | undefined
  readonly notice: string
  readonly endNotice: string
  readonly asksConsent: boolean
  /** Whether people are recorded who could not be told. */
  readonly recordsUntold: boolean
  /** The one whose recorder died, in whose place this one is. */
  readonly continues?: LiveRecording | undefined
  /** Somebody is recorded from now on, or has another name. */
  readonly onSeen: (recording: LiveRecording, peer: Peer) => void
  readonly log: Log
}

/** Why tracks end with their recording. */
const trackReasons: Readonly<Record<EndReason, TrackEndReason>> = {
  stopped: 'stopped',
  'room-closed': 'closed',
  empty: 'stopped',
  'too-long': 'stopped',
  'disk-full': 'disk-full',
  'disk-error': 'disk-error',
  'server-gone': 'server-gone',
  'recorder-died': 'recorder-died',
}

/** A recorder that lives for so long is as good as any, in milliseconds. */
const heldForMs = 5 * 60_000

/** One recording that goes on: which of the room's producers are recorded, and who agreed to it. */
export class LiveRecording {
  readonly recordingId: string
  readonly folder: string
  readonly roomId: string
  readonly startedAt: Date
  readonly startedBy: Person
  readonly peerId: string | undefined
  /** How many recorders died, one soon after the other, under it and those whose place it took. */
  readonly deaths: number
  readonly #options: LiveRecordingOptions
  readonly #taps = new Map<string, LiveTap>()
  /** Who agreed: those whom a token proves by their id, so that they may come again, others as long as they are here. */
  readonly #agreed: Set<string | Peer>
  readonly #notices: Notices
  #state: LiveRecordingView['state'] = 'starting'
  #room: Room | undefined
  #roomGoneAt: Date | undefined
  #emptySince: Date | undefined
  #nextTrack = 1
  #statistics: RecordingStatistics | undefined
  #ended = false

  constructor(options: LiveRecordingOptions) {
    this.#options = options
    this.recordingId = options.recordingId
    this.folder = options.folder
    this.roomId = options.room.id
    this.startedAt = options.startedAt
    this.startedBy = options.startedBy
    this.peerId = options.peerId
    this.deaths = deathsUntil(options)
    const { continues } = options
    this.#agreed = new Set(continues ? continues.#agreed : [])
    this.#notices = new Notices({
      text: options.notice,
      endText: options.endNotice,
      before: continues ? continues.#notices : undefined,
      onTold: (peer) => {
        if (!peer.closed && this.#mayRecord(peer)) this.#recordPeer(peer)
      },
      log: options.log,
    })
    this.#room = options.room
  }

  /** The room as it is open now; undefined after its worker died, until it is opened again. */
  get room(): Room | undefined {
    return this.#room
  }

  /** Since when its worker has been dead and nobody has opened the room again. */
  get roomGoneAt(): Date | undefined {
    return this.#roomGoneAt
  }

  /** What everybody in the room may know. */
  get view(): LiveRecordingView {
    const { notice, asksConsent } = this.#options
    return {
      recordingId: this.recordingId,
      state: this.#state,
      startedAt: this.startedAt.toISOString(),
      ...(this.peerId === undefined ? {} : { by: this.peerId }),
      notice,
      asksConsent,
    }
  }

  get isEnding(): boolean {
    return this.#state === 'stopping'
  }

  /** Tells everybody, and records what is published. */
  begin(): void {
    this.#state = 'recording'
    const room = this.#room
    room?.setRecording(this.view, this.deaths > 0 ? 'recorder-died' : undefined)
    this.#recordAll()
    for (const peer of room?.joinedPeers ?? []) this.#notices.tell(room!, peer)
  }

  // What happens in the room.

  /** It is open again, on another worker. */
  roomOpened(room: Room): void {
    this.#room = room
    this.#roomGoneAt = undefined
    room.setRecording(this.view)
  }

  /** Its worker died. */
  roomGone(now: Date): void {
    this.#room = undefined
    this.#roomGoneAt = now
  }

  peerJoined(peer: Peer): void {
    if (this.#mayRecord(peer)) this.#options.onSeen(this, peer)
    if (this.#room && this.#state === 'recording') this.#notices.tell(this.#room, peer)
  }

  peerRenamed(peer: Peer): void {
    if (!this.#mayRecord(peer)) return
    this.#options.onSeen(this, peer)
    const displayName = nameOf(peer)
    for (const { trackId } of this.#tapsOf(peer)) {
      // One that is being opened has the name by now, and one that ended keeps the old one.
      this.#options.recorder
        .updateTap({ recordingId: this.recordingId, trackId, displayName })
        .catch(() => undefined)
    }
  }

  peerLeft(peer: Peer): void {
    this.#agreed.delete(peer)
    this.#notices.forget(peer)
  }

  producerOpened(peer: Peer, producer: PeerProducer): void {
    if (this.#mayRecord(peer)) this.#record(peer, producer)
  }

  producerClosed(room: Room, peer: Peer, producer: PeerProducer): void {
    const reason = room.isMediaGone ? 'worker-died' : peer.closed ? 'left' : 'closed'
    void this.#close(producer.id, reason)
  }

  /** Somebody agrees to being recorded, or takes that back. Resolves when it holds. */
  async consent(peer: Peer, agrees: boolean): Promise<void> {
    if (agrees) {
      this.#agreed.add(keyOf(peer))
      if (this.#mayRecord(peer)) this.#recordPeer(peer)
      return
    }
    this.#agreed.delete(keyOf(peer))
    if (!this.#options.asksConsent) return
    await Promise.all(this.#tapsOf(peer).map(({ producer }) => this.#close(producer.id, 'closed')))
  }

  // How it goes.

  /** What is recorded now. */
  get media(): Media {
    return mediaOf(Array.from(this.#taps.values(), ({ producer }) => producer))
  }

  /** Since when nobody has been there. */
  emptySince(now: Date): Date | undefined {
    const isEmpty = (this.#room?.visiblePeers.length ?? 0) === 0
    this.#emptySince = isEmpty ? (this.#emptySince ?? now) : undefined
    return this.#emptySince
  }

  note(statistics: RecordingStatistics): void {
    this.#statistics = statistics
  }

  /** `isStrained`: the recorder has more to do than it should. */
  health({ now, isStrained }: { now: Date; isStrained: boolean }): RecordingHealth {
    const taps = [...this.#taps.values()]
    const failedTracks = taps.filter((tap) => tap.isFailed).length
    const { packets = 0, lost = 0, freeBytes = 0 } = this.#statistics ?? {}
    const { asksConsent } = this.#options
    const without = (this.#room?.visiblePeers ?? [])
      .filter((peer) => !this.#mayRecord(peer))
      .map(({ id }) => id)
    return {
      recordingId: this.recordingId,
      seconds: Math.round((now.getTime() - this.startedAt.getTime()) / 1000),
      tracks: taps.length - failedTracks,
      failedTracks,
      packets,
      lostPackets: lost,
      freeBytes: Math.max(0, Math.round(freeBytes)),
      waitingForConsent: asksConsent ? without : [],
      untold: asksConsent ? [] : without,
      warnings: [
        ...(isStrained ? (['cpu'] as const) : []),
        ...(failedTracks > 0 ? (['tracks'] as const) : []),
        ...(this.#room ? [] : (['no-media'] as const)),
      ],
    }
  }

  // The end.

  /** Another one takes its place: from now on nothing new is recorded by this one, which nobody need know. */
  replaced(): void {
    this.#state = 'stopping'
  }

  /** From now on nothing new is recorded, and everybody sees that it ends. */
  ending(): void {
    this.#state = 'stopping'
    this.#room?.setRecording(this.view)
  }

  /**
   * Finishes every file. Rejects when the recorder dies before that is done.
   * `isOver`: the recorder has ended the recording already.
   */
  async finish(reason: EndReason, { isOver }: { isOver: boolean }): Promise<void> {
    await Promise.all([...this.#taps.keys()].map((id) => this.#close(id, trackReasons[reason])))
    const { recorder } = this.#options
    if (!isOver) await recorder.stop({ recordingId: this.recordingId, reason })
  }

  /** Tells everybody that it is over, if that is still so. */
  ended(reason: EndReason): void {
    if (this.#ended) return
    this.#ended = true
    const room = this.#room
    if (room?.recording?.recordingId !== this.recordingId) return
    room.setRecording(undefined, reason)
    if (!room.closed) this.#notices.end(room)
  }

  #mayRecord(peer: Peer): boolean {
    const { asksConsent, recordsUntold } = this.#options
    if (peer.grants.hidden) return false
    return asksConsent ? this.#agreed.has(keyOf(peer)) : recordsUntold || this.#notices.isTold(peer)
  }

  #recordAll(): void {
    for (const peer of this.#room?.joinedPeers ?? []) if (this.#mayRecord(peer)) this.#recordPeer(peer)
  }

  #recordPeer(peer: Peer): void {
    this.#options.onSeen(this, peer)
    for (const producer of peer.producers.values()) this.#record(peer, producer)
  }

  #record(peer: Peer, producer: PeerProducer): void {
    const room = this.#room
    if (!room || this.#state !== 'recording' || producer.closed || this.#taps.has(producer.id)) return
    const { recorder, log } = this.#options
    const tap = new LiveTap({
      peer,
      producer,
      newTrackId: () => `t${this.#nextTrack++}`,
      open: async (trackId, endedBecause) =>
        openTap({
          recorder,
          router: room.routerOf(producer),
          producerId: producer.id,
          recordingId: this.recordingId,
          trackId,
          participantId: peer.id,
          displayName: nameOf(peer),
          source: producer.appData.source,
          endedBecause,
        }),
      onFailed: ({ trackId, peer: { id: peerId } }, error, retryMs) =>
        log.warn(
          { err: error, peerId, trackId, producerId: producer.id, retryMs },
          'a track is not recorded',
        ),
    })
    this.#taps.set(producer.id, tap)
  }

  async #close(producerId: string, reason: TrackEndReason): Promise<void> {
    const tap = this.#taps.get(producerId)
    if (!tap) return
    this.#taps.delete(producerId)
    await tap.close(reason)
  }

  #tapsOf(peer: Peer): LiveTap[] {
    return [...this.#taps.values()].filter((tap) => tap.peer === peer)
  }
}

/** Whether somebody may start and stop recordings. */
export function mayRecord({ grants }: Peer): boolean {
  return grants.record || grants.moderate
}

/** One that held for a while begins the count anew: in a call of hours, some are no reason to give up. */
function deathsUntil({ continues, startedAt }: LiveRecordingOptions): number {
  if (!continues) return 0
  const isSoon = startedAt.getTime() - continues.startedAt.getTime() < heldForMs
  return isSoon ? continues.deaths + 1 : 1
}

export function nameOf(peer: Peer): string {
  return peer.joined?.displayName ?? peer.identity.name ?? peer.id
}

function keyOf(peer: Peer): string | Peer {
  return peer.identity.proven ? peer.id : peer
}
