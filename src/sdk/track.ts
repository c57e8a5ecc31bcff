import { Emitter } from './emitter.ts'
import { SluiceError } from './errors.ts'
import type { TrackEvents } from './events.ts'
import type { AudioCaptureOptions, TrackKind, TrackSource, VideoCaptureOptions } from './types.ts'

/** The streams that elements play, so that an audio and a video track can share one element. */
const streams = new WeakMap<HTMLMediaElement, MediaStream>()

/** Audio or video that can be shown on the page. See {@link LocalTrack} and {@link RemoteTrack}. */
export abstract class Track extends Emitter<TrackEvents> {
  readonly kind: TrackKind
  readonly source: TrackSource
  #mediaStreamTrack: MediaStreamTrack
  readonly #elements = new Set<HTMLMediaElement>()
  /** The SDK's own element for audio that the application does not attach. */
  #hidden: HTMLMediaElement | undefined

  /** @internal */
  constructor(mediaStreamTrack: MediaStreamTrack, source: TrackSource) {
    super()
    this.kind = mediaStreamTrack.kind === 'audio' ? 'audio' : 'video'
    this.source = source
    this.#mediaStreamTrack = mediaStreamTrack
  }

  /** The browser's track. It may be replaced during the life of this one: `mediaStreamTrackChanged`. */
  get mediaStreamTrack(): MediaStreamTrack {
    return this.#mediaStreamTrack
  }

  /** The elements given to or made by `attach`. */
  get attachedElements(): readonly HTMLMediaElement[] {
    return [...this.#elements]
  }

  /**
   * Plays this track in `element`, or in a new `<audio>` or `<video>` that the caller puts onto the page. An audio and a
   * video track may share one element. A video alone plays muted and inline; attaching twice has no effect.
   */
  attach(element: HTMLMediaElement = document.createElement(this.kind)): HTMLMediaElement {
    if (this.#elements.has(element)) return element
    this.#elements.add(element)
    this.#show(element)
    this.attachmentsChanged()
    this.emit('attached', element)
    return element
  }

  /** Stops playing in `element`, or in all elements. Returns those it was detached from. */
  detach(element?: HTMLMediaElement): HTMLMediaElement[] {
    const detached = element ? (this.#elements.has(element) ? [element] : []) : [...this.#elements]
    for (const each of detached) {
      this.#elements.delete(each)
      this.#hide(each)
    }
    if (detached.length > 0) this.attachmentsChanged()
    for (const each of detached) this.emit('detached', each)
    return detached
  }

  /** @internal */
  protected attachmentsChanged(): void {}

  /** @internal */
  protected playBlocked(_element: HTMLMediaElement): void {}

  /** @internal */
  protected get elements(): HTMLMediaElement[] {
    return this.#hidden ? [...this.#elements, this.#hidden] : [...this.#elements]
  }

  /** @internal */
  protected setHidden(element: HTMLMediaElement | undefined): void {
    const before = this.#hidden
    this.#hidden = element
    if (before && before !== element) this.#hide(before)
    if (element && before !== element) this.#show(element)
  }

  /** @internal */
  protected setMediaStreamTrack(next: MediaStreamTrack): void {
    if (this.#mediaStreamTrack === next) return
    this.#mediaStreamTrack = next
    for (const element of this.elements) this.#show(element)
    this.emit('mediaStreamTrackChanged', next)
  }

  #show(element: HTMLMediaElement): void {
    let stream = streams.get(element)
    if (!stream || element.srcObject !== stream) {
      stream = new MediaStream()
      streams.set(element, stream)
    }
    for (const other of stream.getTracks()) {
      if (other.kind === this.kind && other !== this.#mediaStreamTrack) stream.removeTrack(other)
    }
    stream.addTrack(this.#mediaStreamTrack)
    element.autoplay = true
    // Without sound, browsers play without a click.
    element.muted = stream.getAudioTracks().length === 0
    if ('playsInline' in element) element.playsInline = true
    if (element.srcObject !== stream) element.srcObject = stream
    element.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.playBlocked(element)
    })
  }

  #hide(element: HTMLMediaElement): void {
    const stream = streams.get(element)
    if (!stream) return
    for (const track of stream.getTracks()) {
      if (track.kind === this.kind) stream.removeTrack(track)
    }
    if (stream.getTracks().length > 0) return
    streams.delete(element)
    if (element.srcObject === stream) element.srcObject = null
  }
}

export type CaptureOptions = VideoCaptureOptions & AudioCaptureOptions

/** How a track was captured, so that it can be captured again. */
export interface Capture {
  options: CaptureOptions
  /** Undefined for screens: only the person can pick one. */
  readonly again: ((options: CaptureOptions) => Promise<MediaStreamTrack>) | undefined
}

/** A track of this browser: camera, microphone, screen, or something the application made. */
export class LocalTrack extends Track {
  readonly #capture: Capture | undefined
  #enabled = true
  /** Counts stops and restarts, so that a capture that comes late is known as such. */
  #generation = 0

  /**
   * Set by the publication that sends this track.
   * @internal
   */
  onReplaced: ((track: MediaStreamTrack) => Promise<void>) | undefined

  /** @internal */
  constructor(mediaStreamTrack: MediaStreamTrack, source: TrackSource, capture?: Capture) {
    super(mediaStreamTrack, source)
    this.#capture = capture
    mediaStreamTrack.addEventListener('ended', this.#onEnded)
  }

  /** The device being captured; undefined for screens and tracks of the application. */
  get deviceId(): string | undefined {
    return this.#capture?.again ? this.mediaStreamTrack.getSettings().deviceId : undefined
  }

  /** Whether the SDK captured it, and so stops it at the end. Tracks of the application are never stopped. */
  get isOwned(): boolean {
    return this.#capture !== undefined
  }

  /** Whether it shows nothing at present: muted, released or ended. */
  get isMuted(): boolean {
    return !this.#enabled || this.mediaStreamTrack.readyState === 'ended'
  }

  /**
   * Captures anew, with other options: another device or resolution. What is published goes on with it.
   *
   * @throws {SluiceError} as `createLocalTracks`; `invalid-argument` for screens and tracks of the application.
   */
  async restart(options: VideoCaptureOptions | AudioCaptureOptions = {}): Promise<void> {
    const capture = this.#capture
    if (!capture?.again) {
      throw new SluiceError('invalid-argument', 'Only cameras and microphones can be captured again.')
    }
    const generation = ++this.#generation
    const before = this.mediaStreamTrack
    const wasLive = !this.isEnded
    // Many systems cannot have two cameras open, or one of them twice.
    if (this.kind === 'video') this.#end(before)
    const wanted = { ...capture.options, ...options }
    try {
      const next = await this.#accept(capture.again(wanted), generation)
      capture.options = wanted
      this.#end(before)
      await this.#use(next)
    } catch (error) {
      const isGone = before === this.mediaStreamTrack && this.isEnded && wasLive
      if (!isGone || generation !== this.#generation) throw error
      // Better the old device than none.
      const former = await this.#accept(capture.again(capture.options), generation).catch(() => undefined)
      if (former) await this.#use(former)
      throw error
    }
  }

  /** What was captured, unless the track was stopped or restarted meanwhile. */
  async #accept(captured: Promise<MediaStreamTrack>, generation: number): Promise<MediaStreamTrack> {
    const next = await captured
    if (generation === this.#generation) return next
    next.stop()
    throw new SluiceError('cancelled', 'The track was stopped meanwhile.')
  }

  async #use(next: MediaStreamTrack): Promise<void> {
    next.enabled = this.#enabled
    next.addEventListener('ended', this.#onEnded)
    this.setMediaStreamTrack(next)
    await this.onReplaced?.(next)
  }

  /** Ends the capture: the camera's light goes out. `restart` captures anew. */
  stop(): void {
    this.#generation += 1
    this.#end(this.mediaStreamTrack)
  }

  /** @internal */
  setEnabled(enabled: boolean): void {
    this.#enabled = enabled
    this.mediaStreamTrack.enabled = enabled
  }

  /** @internal */
  get canRestart(): boolean {
    return this.#capture?.again !== undefined
  }

  /** @internal */
  get isEnded(): boolean {
    return this.mediaStreamTrack.readyState === 'ended'
  }

  #end(track: MediaStreamTrack): void {
    track.removeEventListener('ended', this.#onEnded)
    track.stop()
  }

  /** Fires only when the track ends by itself, not by `stop()`. */
  readonly #onEnded = (): void => this.emit('ended')
}

/** What a remote track needs of those who made it. */
export interface RemoteTrackHooks {
  readonly attachmentsChanged: () => void
  readonly playBlocked: (element: HTMLMediaElement) => void
}

/** A track of somebody else. */
export class RemoteTrack extends Track {
  readonly #hooks: RemoteTrackHooks
  #receiver: RTCRtpReceiver | undefined
  #volume = 1
  #sinkId: string | undefined
  #closed = false

  /** @internal */
  constructor(mediaStreamTrack: MediaStreamTrack, source: TrackSource, hooks: RemoteTrackHooks) {
    super(mediaStreamTrack, source)
    this.#hooks = hooks
  }

  /** 0 (silent) to 1 (default), of audio. */
  get volume(): number {
    return this.#volume
  }

  /** Sets the volume of this audio wherever it plays: 0 to 1. */
  setVolume(volume: number): void {
    this.#volume = Math.min(1, Math.max(0, volume))
    for (const element of this.elements) element.volume = this.#volume
  }

  /** The browser's statistics of the receiver. */
  async getStats(): Promise<RTCStatsReport | undefined> {
    return this.#receiver?.getStats()
  }

  /** @internal */
  receive(mediaStreamTrack: MediaStreamTrack, receiver: RTCRtpReceiver | undefined): void {
    this.#receiver = receiver
    this.setMediaStreamTrack(mediaStreamTrack)
  }

  /** @internal */
  async setSinkId(sinkId: string): Promise<void> {
    this.#sinkId = sinkId
    await Promise.all(this.elements.map((element) => element.setSinkId(sinkId)))
  }

  /** @internal */
  playHidden(play: boolean): void {
    if (this.#closed) return
    this.setHidden(play ? this.#prepared(document.createElement('audio')) : undefined)
  }

  /** @internal */
  close(): void {
    this.#closed = true
    this.setHidden(undefined)
    this.detach()
    this.#receiver = undefined
  }

  override attach(element?: HTMLMediaElement): HTMLMediaElement {
    const attached = super.attach(element)
    return this.kind === 'audio' ? this.#prepared(attached) : attached
  }

  /** @internal */
  protected override attachmentsChanged(): void {
    this.#hooks.attachmentsChanged()
  }

  /** @internal */
  protected override playBlocked(element: HTMLMediaElement): void {
    if (this.kind === 'audio') this.#hooks.playBlocked(element)
  }

  #prepared<E extends HTMLMediaElement>(element: E): E {
    element.volume = this.#volume
    if (this.#sinkId !== undefined && 'setSinkId' in element) element.setSinkId(this.#sinkId).catch(() => {})
    return element
  }
}
