import { Emitter } from './emitter.ts'
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
   * video track may share one element. Video elements are muted and play inline; attaching twice has no effect.
   */
  attach(element: HTMLMediaElement = document.createElement(this.kind)): HTMLMediaElement {
    if (this.#elements.has(element)) return element
    this.#elements.add(element)
    element.autoplay = true
    if (this.kind === 'video') {
      if ('playsInline' in element) element.playsInline = true
      element.muted = true
    } else {
      element.muted = false
    }
    this.#show(element)
    this.onAttached(element)
    this.emit('attached', element)
    return element
  }

  /** Stops playing in `element`, or in all elements. Returns those it was detached from. */
  detach(element?: HTMLMediaElement): HTMLMediaElement[] {
    const detached = element ? (this.#elements.has(element) ? [element] : []) : [...this.#elements]
    for (const each of detached) {
      this.#elements.delete(each)
      this.#hide(each, this.#mediaStreamTrack)
      this.onDetached(each)
      this.emit('detached', each)
    }
    return detached
  }

  /** @internal */
  protected onAttached(_element: HTMLMediaElement): void {}

  /** @internal */
  protected onDetached(_element: HTMLMediaElement): void {}

  /** @internal */
  protected setMediaStreamTrack(next: MediaStreamTrack): void {
    const previous = this.#mediaStreamTrack
    if (previous === next) return
    this.#mediaStreamTrack = next
    for (const element of this.#elements) {
      this.#hide(element, previous, true)
      this.#show(element)
    }
    this.emit('mediaStreamTrackChanged', next)
  }

  /** @internal */
  protected play(element: HTMLMediaElement): void {
    element.play().catch(() => {})
  }

  #show(element: HTMLMediaElement): void {
    let stream = streams.get(element)
    if (!stream || element.srcObject !== stream) {
      stream = new MediaStream()
      streams.set(element, stream)
    }
    for (const other of stream.getTracks()) {
      if (other.kind === this.kind) stream.removeTrack(other)
    }
    stream.addTrack(this.#mediaStreamTrack)
    if (element.srcObject !== stream) element.srcObject = stream
    this.play(element)
  }

  #hide(element: HTMLMediaElement, track: MediaStreamTrack, keep = false): void {
    const stream = streams.get(element)
    if (!stream) return
    stream.removeTrack(track)
    if (keep || stream.getTracks().length > 0) return
    streams.delete(element)
    if (element.srcObject === stream) element.srcObject = null
  }
}

/** A track of this browser: camera, microphone, screen, or something the application made. */
export class LocalTrack extends Track {
  /** @internal */
  constructor(mediaStreamTrack: MediaStreamTrack, source: TrackSource) {
    super(mediaStreamTrack, source)
  }

  /** The device being captured; undefined for screens and tracks of the application. */
  get deviceId(): string | undefined {
    return this.mediaStreamTrack.getSettings().deviceId
  }

  /** Whether nothing is captured or sent at present. */
  get isMuted(): boolean {
    return !this.mediaStreamTrack.enabled
  }

  /** Captures anew, with other options: another device or resolution. What is published goes on with it. */
  async restart(_options: VideoCaptureOptions | AudioCaptureOptions = {}): Promise<void> {
    throw new Error('not implemented yet')
  }

  /** Ends the capture: the camera's light goes out. */
  stop(): void {
    this.mediaStreamTrack.stop()
  }
}

/** A track of somebody else. */
export class RemoteTrack extends Track {
  #volume = 1

  /** @internal */
  constructor(mediaStreamTrack: MediaStreamTrack, source: TrackSource) {
    super(mediaStreamTrack, source)
  }

  /** 0 (silent) to 1 (default), of audio. */
  get volume(): number {
    return this.#volume
  }

  /** Sets the volume in all elements that play this audio: 0 to 1. */
  setVolume(volume: number): void {
    this.#volume = Math.min(1, Math.max(0, volume))
    for (const element of this.attachedElements) element.volume = this.#volume
  }

  /** The browser's statistics of the receiver. */
  async getStats(): Promise<RTCStatsReport | undefined> {
    throw new Error('not implemented yet')
  }
}
