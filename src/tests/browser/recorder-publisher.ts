import { Device, type types } from 'mediasoup-client'

/** Publishes the fake camera or microphone of this browser over a transport that the test made. */

export interface PublishOptions {
  readonly routerRtpCapabilities: types.RtpCapabilities
  readonly transport: types.TransportOptions
  /** `video/VP9`; of sound there is only Opus. */
  readonly mimeType: string
  readonly encodings: types.RtpEncodingParameters[]
  readonly source: 'camera' | 'flashes'
}

/** What the test answers. */
interface Test {
  connectTransport(dtlsParameters: types.DtlsParameters): Promise<void>
  produce(options: { kind: string; rtpParameters: types.RtpParameters }): Promise<string>
}
const test = globalThis as unknown as Test

let transport: types.Transport | undefined
let camera: MediaStream | undefined
let flashes: MediaStream | undefined
const published: { producer: types.Producer; sender: RTCRtpSender | undefined }[] = []
let device: Device | undefined

async function publish(options: PublishOptions): Promise<void> {
  const stream =
    options.source === 'flashes'
      ? (flashes ??= makeFlashes())
      : (camera ??= await navigator.mediaDevices.getUserMedia({
          audio: true,
          video: { width: 640, height: 480, frameRate: 20 },
        }))
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
  const producer = await transport.produce({
    track: (isVideo ? stream.getVideoTracks() : stream.getAudioTracks())[0]!.clone(),
    codec,
    ...(isVideo && { encodings: options.encodings }),
  })
  published.push({ producer, sender: producer.rtpSender })
}

/** Frames that the encoder of the last published track has sent. */
async function framesSent(): Promise<number> {
  let frames = 0
  for (const [, report] of (await published.at(-1)!.sender!.getStats()) as unknown as Map<
    string,
    { type: string; framesSent?: number }
  >) {
    if (report.type === 'outbound-rtp') frames += report.framesSent ?? 0
  }
  return frames
}

/** Sends nothing more of the last published track, until `resumeLast`. */
async function silenceLast(): Promise<void> {
  await published.at(-1)!.sender!.replaceTrack(null)
}

async function resumeLast(): Promise<void> {
  const { producer, sender } = published.at(-1)!
  await sender!.replaceTrack(producer.track)
}

/** Sends all sizes of the last published track, also those that it began without. */
async function sendAllSizes(): Promise<void> {
  const sender = published.at(-1)!.sender!
  const parameters = sender.getParameters()
  for (const encoding of parameters.encodings) encoding.active = true
  await sender.setParameters(parameters)
}

/** Every two seconds, a tenth of a second of light and tone at the same moment. */
function makeFlashes(): MediaStream {
  const sound = new AudioContext()
  const tone = new OscillatorNode(sound, { frequency: 880 })
  const volume = new GainNode(sound, { gain: 0 })
  const destination = sound.createMediaStreamDestination()
  tone.connect(volume).connect(destination)
  tone.start()
  const canvas = Object.assign(document.createElement('canvas'), { width: 160, height: 120 })
  const picture = canvas.getContext('2d')!
  let flashAt = sound.currentTime + 2
  setInterval(() => {
    const now = sound.currentTime
    if (now > flashAt - 0.5 && now < flashAt - 0.4) {
      volume.gain.setValueAtTime(0.5, flashAt)
      volume.gain.setValueAtTime(0, flashAt + 0.1)
    }
    const isLit = now >= flashAt && now < flashAt + 0.1
    if (now >= flashAt + 0.1) flashAt += 2
    picture.fillStyle = isLit ? 'white' : 'black'
    picture.fillRect(0, 0, 160, 120)
    // Something that changes, so that a picture is sent each time.
    picture.fillStyle = 'gray'
    picture.fillRect(Math.random() * 40, 100, 8, 8)
  }, 20)
  return new MediaStream([
    ...canvas.captureStream(50).getVideoTracks(),
    ...destination.stream.getAudioTracks(),
  ])
}

Object.assign(globalThis, { publish, framesSent, silenceLast, resumeLast, sendAllSizes })
