import type { VideoQuality } from './types.ts'

/** How one element shows a video, measured. */
export interface ElementView {
  /** CSS pixels. */
  readonly width: number
  /** CSS pixels. */
  readonly height: number
  readonly visible: boolean
  /** `cover` fills the element and cuts the picture; everything else is treated as fitting it in. */
  readonly cover: boolean
}

export interface Size {
  readonly width: number
  readonly height: number
}

export interface ReceiveQuestion {
  readonly views: readonly ElementView[]
  /** `window.devicePixelRatio`. */
  readonly pixelRatio: number
  /** Size of the highest layer in pixels, as far as is known. */
  readonly fullSize: Size
  /** 1: nothing to choose from. */
  readonly spatialLayers: number
  /** The most the application wants. */
  readonly quality: VideoQuality
  /** `setEnabled`. */
  readonly enabled: boolean
  /** False: paused only by the application, and always the largest layer allowed by `quality`. */
  readonly adaptive: boolean
}

/** What to receive of a video. `spatialLayer` is undefined when there is nothing to choose. */
export interface Reception {
  readonly paused: boolean
  readonly spatialLayer: number | undefined
}

/** More pixels than two per CSS pixel are not seen. */
const highestPixelRatio = 2
/** A layer may be stretched by a quarter before the next one is taken. */
const allowedStretch = 1.25

export function decideReception(question: ReceiveQuestion): Reception {
  const { views, spatialLayers, quality, enabled, adaptive } = question
  const most = highestLayer(quality, spatialLayers)
  if (!adaptive) return { paused: !enabled, spatialLayer: spatialLayers > 1 ? most : undefined }

  const shown = views.filter((view) => view.visible && view.width > 0 && view.height > 0)
  const paused = !enabled || shown.length === 0
  if (spatialLayers <= 1) return { paused, spatialLayer: undefined }
  const needed = Math.max(0, ...shown.map((view) => neededScale(view, question)))
  return { paused, spatialLayer: Math.min(most, layerForScale(needed, spatialLayers)) }
}

/** The highest layer `quality` allows. */
export function highestLayer(quality: VideoQuality, spatialLayers: number): number {
  const top = Math.max(0, spatialLayers - 1)
  if (quality === 'low') return 0
  if (quality === 'medium') return Math.floor(top / 2)
  return top
}

/** Which part of the full width or height an element can show, 1 being all of it. */
function neededScale(view: ElementView, { pixelRatio, fullSize }: ReceiveQuestion): number {
  const ratio = Math.min(pixelRatio, highestPixelRatio)
  const horizontal = (view.width * ratio) / fullSize.width
  const vertical = (view.height * ratio) / fullSize.height
  return view.cover ? Math.max(horizontal, vertical) : Math.min(horizontal, vertical)
}

/** The lowest layer that is large enough; each layer is half as wide as the next. */
function layerForScale(scale: number, spatialLayers: number): number {
  for (let layer = 0; layer < spatialLayers - 1; layer++) {
    if (allowedStretch / 2 ** (spatialLayers - 1 - layer) >= scale) return layer
  }
  return spatialLayers - 1
}

/** Milliseconds to wait before acting, so that scrolling and resizing do not cause a storm of key frames. */
export function settleDelay(current: Reception, next: Reception): number {
  if (current.paused !== next.paused) return next.paused ? 600 : 0
  return (next.spatialLayer ?? 0) > (current.spatialLayer ?? 0) ? 100 : 800
}

/** The full size of a video, from a decoded frame and the layer it came from. */
export function fullSizeFrom(frame: Size, layer: number, spatialLayers: number): Size {
  const factor = 2 ** Math.max(0, spatialLayers - 1 - layer)
  return { width: frame.width * factor, height: frame.height * factor }
}

/** The number of spatial layers in a scalability mode such as `L3T3_KEY` or `S2T1`. */
export function spatialLayersOf(scalabilityMode: string | undefined): number {
  const match = /^[LS]([1-9]\d?)T/.exec(scalabilityMode ?? '')
  return match ? Number(match[1]) : 1
}

/** Watches the elements that show one video, and tells when what they need may have changed. */
export class ViewWatcher {
  readonly #changed: () => void
  readonly #elements = new Map<HTMLVideoElement, { intersects: boolean | undefined }>()
  readonly #resizes: ResizeObserver
  readonly #intersections: IntersectionObserver
  readonly #onEvent = (): void => this.#changed()

  constructor(changed: () => void) {
    this.#changed = changed
    this.#resizes = new ResizeObserver(this.#onEvent)
    this.#intersections = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const known = this.#elements.get(entry.target as HTMLVideoElement)
        if (known) known.intersects = entry.isIntersecting
      }
      this.#changed()
    })
    document.addEventListener('visibilitychange', this.#onEvent)
  }

  add(element: HTMLVideoElement): void {
    if (this.#elements.has(element)) return
    this.#elements.set(element, { intersects: undefined })
    this.#resizes.observe(element)
    this.#intersections.observe(element)
    for (const event of pictureInPictureEvents) element.addEventListener(event, this.#onEvent)
    element.addEventListener('resize', this.#onEvent)
    this.#changed()
  }

  remove(element: HTMLVideoElement): void {
    if (!this.#elements.delete(element)) return
    this.#resizes.unobserve(element)
    this.#intersections.unobserve(element)
    for (const event of pictureInPictureEvents) element.removeEventListener(event, this.#onEvent)
    element.removeEventListener('resize', this.#onEvent)
    this.#changed()
  }

  elements(): HTMLVideoElement[] {
    return [...this.#elements.keys()]
  }

  views(): ElementView[] {
    return [...this.#elements].map(([element, { intersects }]) => viewOf(element, intersects))
  }

  /** Size of the frames being decoded now. */
  frameSize(): Size | undefined {
    for (const element of this.#elements.keys()) {
      if (element.videoWidth > 0) return { width: element.videoWidth, height: element.videoHeight }
    }
    return undefined
  }

  close(): void {
    for (const element of [...this.#elements.keys()]) {
      for (const event of pictureInPictureEvents) element.removeEventListener(event, this.#onEvent)
      element.removeEventListener('resize', this.#onEvent)
    }
    this.#elements.clear()
    this.#resizes.disconnect()
    this.#intersections.disconnect()
    document.removeEventListener('visibilitychange', this.#onEvent)
  }
}

const pictureInPictureEvents = ['enterpictureinpicture', 'leavepictureinpicture'] as const

function viewOf(element: HTMLVideoElement, intersects: boolean | undefined): ElementView {
  const { ownerDocument } = element
  if (ownerDocument.pictureInPictureElement === element) {
    // The window's size is known only to whoever opened it; it is small, and this is enough for it.
    return { width: 480, height: 270, visible: true, cover: false }
  }
  const { clientWidth: width, clientHeight: height } = element
  const inOtherWindow = ownerDocument !== document
  const visible =
    element.isConnected &&
    ownerDocument.visibilityState !== 'hidden' &&
    // The observer reports a moment after an element was added; until then its place on the page is asked for.
    (inOtherWindow || (intersects ?? intersectsNow(element)))
  const cover = visible && getComputedStyle(element).objectFit === 'cover'
  return { width, height, visible, cover }
}

function intersectsNow(element: HTMLVideoElement): boolean {
  const box = element.getBoundingClientRect()
  return (
    box.width > 0 &&
    box.bottom > 0 &&
    box.right > 0 &&
    box.top < window.innerHeight &&
    box.left < window.innerWidth
  )
}
