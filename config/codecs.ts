import type { RouterRtpCodecCapability } from 'mediasoup/types'
import type { CodecName, MediaConfig } from './schema.ts'

/**
 * What Chromium first assumes its uplink can carry, in kbit/s, until it has measured: without it, it starts at 300 and video is
 * blurred for the first seconds. Higher is sharp sooner and floods thin links at first.
 */
const startKbps = 1000

/** The codecs of a room, in the order of `media.codecs`. mediasoup adds payload types, feedback and retransmission. */
export function routerCodecs(media: MediaConfig): RouterRtpCodecCapability[] {
  return media.codecs.flatMap((name) => codecEntries(name, media))
}

/** The media settings with only some of their codecs, in their order. opus stays: without sound there is no room. */
export function onlyCodecs(media: MediaConfig, names: readonly CodecName[]): MediaConfig {
  return { ...media, codecs: media.codecs.filter((name) => name === 'opus' || names.includes(name)) }
}

function codecEntries(name: CodecName, media: MediaConfig): RouterRtpCodecCapability[] {
  switch (name) {
    case 'opus':
      return [
        {
          kind: 'audio',
          mimeType: 'audio/opus',
          clockRate: 48000,
          channels: 2,
          // Publishers find these in the answer to their offer and encode accordingly.
          parameters: { useinbandfec: media.opusFec ? 1 : 0, usedtx: media.opusDtx ? 1 : 0 },
        },
      ]
    case 'vp8':
      return [video('video/VP8', media)]
    case 'vp9':
      // Profile 0 only: no browser sends 10 bits from a camera, and a receiver without profile 2 would see nothing.
      return [video('video/VP9', media, { 'profile-id': 0 })]
    case 'h264':
      return [h264('42e01f', media)]
    case 'h264-high':
      // High (Chromium on computers) and constrained high (Safari, Android): they do not match each other.
      return [h264('64001f', media), h264('640c1f', media)]
    case 'av1':
      return [video('video/AV1', media)]
  }
}

function h264(profileLevelId: string, media: MediaConfig): RouterRtpCodecCapability {
  return video('video/H264', media, {
    'packetization-mode': 1,
    'profile-level-id': profileLevelId,
    'level-asymmetry-allowed': 1,
  })
}

function video(
  mimeType: RouterRtpCodecCapability['mimeType'],
  { maxIncomingBps }: MediaConfig,
  parameters: Record<string, string | number> = {},
): RouterRtpCodecCapability {
  const start = maxIncomingBps === 0 ? startKbps : Math.min(startKbps, Math.floor(maxIncomingBps / 1000))
  return {
    kind: 'video',
    mimeType,
    clockRate: 90000,
    parameters: start > 0 ? { ...parameters, 'x-google-start-bitrate': start } : parameters,
  }
}
