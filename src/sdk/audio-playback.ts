import type { RemoteTrack } from './track.ts'

/** Plays the others' audio, and knows when the browser holds it back until somebody clicks. */
export class AudioPlayback {
  readonly #automatic: boolean
  readonly #changed: (canPlay: boolean) => void
  readonly #tracks = new Set<RemoteTrack>()
  /** Tracks played by an element of the SDK's own. */
  readonly #hidden = new Set<RemoteTrack>()
  readonly #blocked = new Set<HTMLMediaElement>()
  #canPlay = true
  #sinkId: string | undefined

  constructor(options: { automatic: boolean; changed: (canPlay: boolean) => void }) {
    this.#automatic = options.automatic
    this.#changed = options.changed
  }

  get canPlay(): boolean {
    return this.#canPlay
  }

  /** A track came or went, or the application attached it somewhere: then its own element is enough. */
  update(track: RemoteTrack, present: boolean): void {
    if (present && !this.#tracks.has(track)) {
      this.#tracks.add(track)
      if (this.#sinkId !== undefined) track.setSinkId(this.#sinkId).catch(() => {})
    }
    if (!present) this.#tracks.delete(track)
    const isHidden = this.#automatic && present && track.attachedElements.length === 0
    if (isHidden === this.#hidden.has(track)) return
    if (isHidden) this.#hidden.add(track)
    else this.#hidden.delete(track)
    track.playHidden(isHidden)
    this.#forgetUnused()
  }

  blocked(element: HTMLMediaElement): void {
    this.#blocked.add(element)
    this.#setCanPlay(false)
  }

  /** Call it in a click. Rejects with the browser's error if it still does not play. */
  async start(): Promise<void> {
    const elements = [...this.#blocked]
    await Promise.all(elements.map((element) => element.play()))
    for (const element of elements) this.#blocked.delete(element)
    if (this.#blocked.size === 0) this.#setCanPlay(true)
  }

  async setSinkId(sinkId: string): Promise<void> {
    this.#sinkId = sinkId
    await Promise.all([...this.#tracks].map((track) => track.setSinkId(sinkId)))
  }

  #forgetUnused(): void {
    for (const element of this.#blocked) if (element.srcObject === null) this.#blocked.delete(element)
    if (this.#blocked.size === 0) this.#setCanPlay(true)
  }

  #setCanPlay(canPlay: boolean): void {
    if (this.#canPlay === canPlay) return
    this.#canPlay = canPlay
    this.#changed(canPlay)
  }
}
