import type { PublishDefaults, SimulcastLayer, TrackSource, VideoCodec, VideoEncoding } from './types.ts'

/** One encoding as mediasoup-client takes it. */
export interface Encoding {
  maxBitrate: number
  maxFramerate?: number
  scaleResolutionDownBy?: number
  scalabilityMode?: string
}

export interface EncodingQuestion {
  readonly source: TrackSource
  readonly codec: VideoCodec
  /** Size of what is captured, in pixels. */
  readonly width: number
  readonly height: number
  /** How many frame rates the browser puts into each of several sizes, whatever it is asked for; 3 unless told. */
  readonly temporalLayers?: 2 | 3
  readonly options: PublishDefaults
}

interface Rate {
  readonly pixels: number
  readonly bitrate: number
}

/** Bits per second that look good for VP8 or H.264: camera at 30 frames per second, screen at 15. */
const cameraRates: readonly Rate[] = [
  { pixels: 320 * 180, bitrate: 150_000 },
  { pixels: 640 * 360, bitrate: 500_000 },
  { pixels: 960 * 540, bitrate: 900_000 },
  { pixels: 1280 * 720, bitrate: 1_700_000 },
  { pixels: 1920 * 1080, bitrate: 3_000_000 },
  { pixels: 3840 * 2160, bitrate: 8_000_000 },
]
const screenRates: readonly Rate[] = [
  { pixels: 640 * 360, bitrate: 300_000 },
  { pixels: 1280 * 720, bitrate: 1_000_000 },
  { pixels: 1920 * 1080, bitrate: 2_000_000 },
  { pixels: 2560 * 1440, bitrate: 3_500_000 },
  { pixels: 3840 * 2160, bitrate: 6_000_000 },
]

/** VP9 and AV1 need less for the same picture. */
const layeredCodecSaving = 0.75
const screenFrameRate = 15

/** How a video is encoded: several sizes (simulcast), or layers in one stream for codecs that have them. */
export function encodingsFor(question: EncodingQuestion): Encoding[] {
  const { source, codec, width, height, temporalLayers = 3, options } = question
  const isScreen = source === 'screen'
  const full = (isScreen ? options.screenShareEncoding : options.videoEncoding) ?? {
    maxBitrate: bitrateFor(width * height, isScreen ? screenRates : cameraRates),
    ...(isScreen ? { maxFramerate: screenFrameRate } : {}),
  }

  if (codec === 'vp9' || codec === 'av1') {
    const given = isScreen ? options.screenShareEncoding : options.videoEncoding
    const maxBitrate = given?.maxBitrate ?? Math.round(full.maxBitrate * layeredCodecSaving)
    // Receivers cannot follow an AV1 stream from one size to another: their decoders stop at the first change.
    const usual = codec === 'av1' || isScreen ? 'L1T3' : 'L3T3_KEY'
    const layered = (!isScreen && options.scalabilityMode) || usual
    const scalabilityMode = (options.simulcast ?? true) ? layered : 'L1T3'
    return [{ ...frameRate(full), maxBitrate, scalabilityMode }]
  }

  const wanted = isScreen ? (options.screenShareSimulcast ?? true) : (options.simulcast ?? true)
  if (!wanted) return [{ ...frameRate(full), maxBitrate: full.maxBitrate, scalabilityMode: 'L1T3' }]
  const layers = (!isScreen && options.simulcastLayers) || defaultLayers(question, full)
  return layers.map((layer) => ({
    ...frameRate(layer),
    maxBitrate: layer.maxBitrate,
    scaleResolutionDownBy: layer.scaleDownBy,
    // The server waits for the highest frame rate that is told here, and sends on the lowest one for as long as it does not come.
    scalabilityMode: `L1T${temporalLayers}`,
  }))
}

/** Smallest first. Encoders skip the small layers of a small picture, so it gets fewer. */
function defaultLayers({ source, width, height }: EncodingQuestion, full: VideoEncoding): SimulcastLayer[] {
  const isScreen = source === 'screen'
  const longSide = Math.max(width, height)
  const most = isScreen ? 2 : 3
  const count = Math.min(most, longSide >= 960 ? 3 : longSide >= 480 ? 2 : 1)
  const rates = isScreen ? screenRates : cameraRates
  return Array.from({ length: count }, (_, index) => {
    const scaleDownBy = 2 ** (count - 1 - index)
    if (scaleDownBy === 1) return { ...full, scaleDownBy }
    const fair = bitrateFor((width * height) / scaleDownBy ** 2, rates)
    // The full size of a screen is what matters; the small one must not keep it waiting for bandwidth.
    const share = isScreen ? 1 / 8 : 1 / 2
    return { ...full, maxBitrate: Math.min(fair, Math.round(full.maxBitrate * share)), scaleDownBy }
  })
}

function frameRate({ maxFramerate }: VideoEncoding): { maxFramerate?: number } {
  return maxFramerate === undefined ? {} : { maxFramerate }
}

/** Between two rows of the table in proportion; outside of it the nearest row's bits per pixel. */
export function bitrateFor(pixels: number, rates: readonly Rate[] = cameraRates): number {
  const first = rates[0]!
  const last = rates[rates.length - 1]!
  if (pixels >= last.pixels) return last.bitrate
  if (pixels <= first.pixels) {
    return Math.max(50_000, Math.round((pixels / first.pixels) * first.bitrate))
  }
  const above = rates.findIndex((rate) => rate.pixels >= pixels)
  const high = rates[above]!
  const low = rates[above - 1]!
  const part = (pixels - low.pixels) / (high.pixels - low.pixels)
  return Math.round(low.bitrate + part * (high.bitrate - low.bitrate))
}
