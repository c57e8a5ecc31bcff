import type { Input } from '../../protocol/requests.ts'

type RtpParameters = Input<'produce'>['rtpParameters']

let nextSsrc = 10_000

/** What a browser would send for one Opus track. */
export function opusParameters(): RtpParameters {
  return {
    mid: String(nextSsrc),
    codecs: [
      {
        mimeType: 'audio/opus',
        payloadType: 111,
        clockRate: 48000,
        channels: 2,
        parameters: { useinbandfec: 1 },
      },
    ],
    encodings: [{ ssrc: nextSsrc++, dtx: true }],
    rtcp: { cname: 'test' },
  }
}

/** What a browser would send for one VP8 track; `layers` above 1 is simulcast. */
export function vp8Parameters(layers = 1): RtpParameters {
  return {
    mid: String(nextSsrc),
    codecs: [
      {
        mimeType: 'video/VP8',
        payloadType: 96,
        clockRate: 90000,
        rtcpFeedback: [{ type: 'nack', parameter: 'pli' }],
      },
    ],
    encodings:
      layers === 1
        ? [{ ssrc: nextSsrc++ }]
        : Array.from({ length: layers }, (_, layer) => ({
            rid: `r${layer}`,
            scaleResolutionDownBy: 2 ** (layers - 1 - layer),
          })),
    headerExtensions:
      layers === 1
        ? []
        : [
            { uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: 1 },
            { uri: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id', id: 2 },
          ],
    rtcp: { cname: 'test' },
  }
}
