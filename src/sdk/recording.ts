import type { LiveRecording as WireRecording } from '../protocol/model.ts'
import type { Output } from '../protocol/requests.ts'
import type { Connection } from './connection.ts'
import { momentOf } from './rules.ts'
import type { Announce } from './participant.ts'
import type { Notification } from './signaling.ts'
import type { LiveRecording, RecordingHealth } from './types.ts'

export interface RoomRecordingHost {
  readonly announce: Announce
  readonly connection: () => Promise<Connection>
}

/** The recording of the room as this client knows it, and what it said to it. */
export class RoomRecording {
  readonly #host: RoomRecordingHost
  #current: LiveRecording | undefined
  #health: RecordingHealth | undefined
  /** What this client agreed to, so that a reconnection does not end it. */
  #agreedTo: string | undefined

  constructor(host: RoomRecordingHost) {
    this.#host = host
  }

  get current(): LiveRecording | undefined {
    return this.#current
  }

  get health(): RecordingHealth | undefined {
    return this.#health
  }

  /** Whether this client agreed to the recording that goes on. */
  get isAgreed(): boolean {
    return this.#current !== undefined && this.#current.recordingId === this.#agreedTo
  }

  /** A connection was made: this holds now. */
  entered({ room }: Output<'room.get'>, connection: Connection): void {
    this.#set(room.recording, undefined)
    if (this.#current?.asksConsent && this.isAgreed) connection.notify('recording.consent', { agrees: true })
  }

  /** The room was left. */
  left(): void {
    this.#current = undefined
    this.#health = undefined
    this.#agreedTo = undefined
  }

  heed({ method, data }: Notification): void {
    if (method === 'recording.changed') this.#set(data.recording, data.reason)
    if (method === 'recording.failed') this.#host.announce('recordingFailed', data.why)
    if (method === 'recording.health' && data.recordingId === this.#current?.recordingId) {
      this.#health = data
      this.#host.announce('recordingHealth', data)
    }
  }

  async start(): Promise<LiveRecording> {
    const { recording } = await (await this.#host.connection()).request('recording.start', {})
    // Everybody was told before the answer came, and it may have ended since.
    return this.#current?.recordingId === recording.recordingId ? this.#current : recordingOf(recording)
  }

  async stop(): Promise<void> {
    await (await this.#host.connection()).request('recording.stop', {})
  }

  async consent(agrees: boolean): Promise<void> {
    await (await this.#host.connection()).request('recording.consent', { agrees })
    this.#agreedTo = agrees ? this.#current?.recordingId : undefined
  }

  #set(wire: WireRecording | undefined, reason: string | undefined): void {
    const recording = wire && recordingOf(wire)
    if (JSON.stringify(recording) === JSON.stringify(this.#current)) return
    // Another recorder does the same work: the server takes what was agreed to for this one, too.
    if (recording && reason === 'recorder-died' && this.isAgreed) this.#agreedTo = recording.recordingId
    if (recording?.recordingId !== this.#current?.recordingId) this.#health = undefined
    this.#current = recording
    this.#host.announce('recordingChanged', recording, reason)
  }
}

function recordingOf({
  recordingId,
  state,
  startedAt,
  by,
  notice,
  asksConsent,
}: WireRecording): LiveRecording {
  return { recordingId, state, startedAt: momentOf(startedAt)!, by, notice, asksConsent }
}
