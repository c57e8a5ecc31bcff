import type { types } from 'mediasoup'
import type { Track, TrackEndReason } from './manifest.ts'
import type { AddTap } from './messages.ts'
import type { Recorder } from './recorder.ts'

/** RFC 6464 */
const audioLevelUri = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level'

/** How often it is looked whether a better size is sent than the one that comes, in milliseconds. */
const lookForBetterEveryMs = 1000

export type OpenTapOptions = Pick<
  AddTap,
  'recordingId' | 'trackId' | 'participantId' | 'displayName' | 'source'
> & {
  readonly recorder: Recorder
  /** The router the producer is on. */
  readonly router: types.Router
  readonly producerId: string
  /** Where the recorder and the workers reach each other. */
  readonly ip?: string
  /** Why the producer ended, when it does so before the tap is open; `closed` unless told. */
  readonly endedBecause?: () => TrackEndReason | undefined
}

export interface OpenTap {
  /** Pause it while its publisher is not to be recorded. */
  readonly consumer: types.Consumer
  /** Ends the stream and finishes its files. Undefined if the recording had ended before. */
  close(reason: TrackEndReason): Promise<Track | undefined>
}

/**
 * Lets the recorder record a producer: a transport of its own on loopback, because it belongs to one socket. Packets, and the
 * request for a key frame, wait for the transport to be connected, so the consumer need not be created paused. Every step that
 * is saved counts: Chromium ignores a request for a key frame that comes within 300 ms of another, and mediasoup repeats it only
 * after a second, so that a recorder that asks after a viewer did misses that second. Nothing is left behind on failure.
 */
export async function openTap(options: OpenTapOptions): Promise<OpenTap> {
  const { recorder, router, producerId, recordingId, trackId, ip = '127.0.0.1' } = options
  const transport = await router.createPlainTransport({
    listenInfo: { protocol: 'udp', ip },
    rtcpMux: true,
    comedia: false,
  })
  let isAdded = false
  try {
    const consumer = await transport.consume({
      producerId,
      rtpCapabilities: recorderCapabilities(router.rtpCapabilities),
    })
    // Before anything else is waited for: one that ends meanwhile ends this, too.
    followBestSize(consumer)
    const codec = consumer.rtpParameters.codecs[0]!
    const audioLevel = consumer.rtpParameters.headerExtensions?.find(({ uri }) => uri === audioLevelUri)
    const { port } = await recorder.addTap({
      recordingId,
      trackId,
      participantId: options.participantId,
      displayName: options.displayName,
      source: options.source,
      mimeType: codec.mimeType,
      clockRate: codec.clockRate,
      payloadType: codec.payloadType,
      ...(audioLevel && { audioLevelId: audioLevel.id }),
      from: { ip, port: transport.tuple.localPort },
    })
    isAdded = true
    // Who takes consent back meanwhile is not recorded for one packet more.
    if (options.endedBecause?.() !== undefined) throw new Error('it is not to be recorded any more')
    await transport.connect({ ip, port })
    return {
      consumer,
      close: async (reason) => {
        transport.close()
        return recorder.removeTap({ recordingId, trackId, reason })
      },
    }
  } catch (error) {
    transport.close()
    const reason = options.endedBecause?.() ?? 'closed'
    if (isAdded) await recorder.removeTap({ recordingId, trackId, reason }).catch(() => undefined)
    throw error
  }
}

/**
 * Browsers send larger sizes as soon as they know that these get through. mediasoup 3.27 looks for one at its first sender report,
 * a moment before it can tell when that was captured, and without congestion control not again until other layers are preferred.
 */
function followBestSize(consumer: types.Consumer): void {
  const best = consumer.preferredLayers
  if (consumer.type !== 'simulcast' || !best) return
  const look = async (spatialLayer: number): Promise<void> => {
    // The one that comes anyway, so that nothing changes if there is no better one.
    await consumer.setPreferredLayers({ ...best, spatialLayer })
    await consumer.setPreferredLayers(best)
  }
  const timer = setInterval(() => {
    const comes = consumer.currentLayers?.spatialLayer
    if (comes !== undefined && comes < best.spatialLayer) look(comes).catch(() => undefined)
  }, lookForBetterEveryMs).unref()
  consumer.observer.once('close', () => clearInterval(timer))
}

/**
 * What the recorder takes: every codec, asked for again as it is (nack) because on loopback a second stream for that is of no
 * use, no congestion control, so that the best layer comes, and of the header extensions how loud sound is.
 */
export function recorderCapabilities(router: types.RtpCapabilities): types.RtpCapabilities {
  const isWanted = ({ type, parameter = '' }: types.RtcpFeedback) =>
    type === 'nack' || (type === 'ccm' && parameter === 'fir')
  return {
    codecs: (router.codecs ?? [])
      .filter(({ mimeType }) => !mimeType.toLowerCase().endsWith('/rtx'))
      .map((codec) => ({ ...codec, rtcpFeedback: (codec.rtcpFeedback ?? []).filter(isWanted) })),
    headerExtensions: (router.headerExtensions ?? []).filter(
      ({ uri, kind }) => uri === audioLevelUri && kind === 'audio',
    ),
  }
}
