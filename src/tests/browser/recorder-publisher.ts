import { Device, type types } from 'mediasoup-client'

/** Publishes the fake camera or microphone of this browser over a transport that the test made. */

export interface PublishOptions {
  readonly routerRtpCapabilities: types.RtpCapabilities
  readonly transport: types.TransportOptions
  /** `video/VP9`; of sound there is only Opus. */
  readonly mimeType: string
  readonly encodings: types.RtpEncodingParameters[]
}

/** What the test answers. */
interface Test {
  connectTransport(dtlsParameters: types.DtlsParameters): Promise<void>
  produce(options: { kind: string; rtpParameters: types.RtpParameters }): Promise<string>
}
const test = globalThis as unknown as Test

let transport: types.Transport | undefined
let stream: MediaStream | undefined
let device: Device | undefined

async function publish(options: PublishOptions): Promise<void> {
  stream ??= await navigator.mediaDevices.getUserMedia({
    audio: true,
    video: { width: 640, height: 480, frameRate: 20 },
  })
  if (!device) {
    device = new Device()
    await device.load({ routerRtpCapabilities: options.routerRtpCapabilities })
  }
  if (!transport) {
    transport = device.createSendTransport(options.transport)
    transport.on('connect', ({ dtlsParameters }, done, failed) => {
      test.connectTransport(dtlsParameters).then(done, failed)
    })
    transport.on('produce', ({ kind, rtpParameters }, done, failed) => {
      test.produce({ kind, rtpParameters }).then((id) => done({ id }), failed)
    })
  }
  const isVideo = options.mimeType.startsWith('video')
  const codec = device.rtpCapabilities.codecs!.find(({ mimeType }) => mimeType === options.mimeType)
  if (!codec) throw new Error(`this browser has no ${options.mimeType}`)
  await transport.produce({
    track: (isVideo ? stream.getVideoTracks() : stream.getAudioTracks())[0]!.clone(),
    codec,
    ...(isVideo && { encodings: options.encodings }),
  })
}

Object.assign(globalThis, { publish })
