import { Room } from '../../sdk/index.ts'
import {
  cells,
  cellsOf,
  field,
  screenColour,
  toneEveryMs,
  toneMs,
  type Colour,
  type Pattern,
  type PatternSending,
} from '../support/call-pattern.ts'

/** Somebody in a call, without the web app: sends a pattern through the SDK, plays what comes, tells when it did what. */

interface Drawing {
  readonly track: MediaStreamTrack
  /** What the clock said in each picture that was handed to the browser. */
  readonly drawn: number[]
  stop(): void
}

const usualCamera = { width: 640, height: 360, everyMs: 50 }
const screen = { width: 960, height: 540, everyMs: 100 }
/** The first tone comes so long after the beginning; each is given to the browser half a second less before it sounds. */
const aheadMs = 1500

let room: Room
let pattern: Pattern
let drawing: Drawing | undefined
let sharing: Drawing | undefined
/** The middles of the tones that are over. */
const tones: number[] = []
const encoded = { camera: 0, screen: 0 }

/** Of the largest layer. */
async function encodedOf(source: 'camera' | 'screen'): Promise<number | undefined> {
  const reports: { type: string; frameWidth?: number; framesEncoded?: number }[] = [
    ...((await room.localParticipant.getPublication(source)?.getStats())?.values() ?? []),
  ]
  const layers = reports.filter(({ type }) => type === 'outbound-rtp')
  layers.sort((a, b) => (b.frameWidth ?? 0) - (a.frameWidth ?? 0))
  return layers[0]?.framesEncoded
}

function draw(colour: Colour, { width, height, everyMs }: typeof usualCamera): Drawing {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext('2d', { alpha: false })!
  // Nothing is taken from the canvas but what is asked for.
  const track = canvas.captureStream(0).getVideoTracks()[0] as CanvasCaptureMediaStreamTrack
  const made: Drawing = { track, drawn: [], stop: () => clearInterval(timer) }
  const next = (): void => {
    context.fillStyle = `rgb(${colour.map((full) => (full ? 255 : 0)).join(',')})`
    context.fillRect(0, 0, width, height)
    context.fillStyle = 'black'
    const inner = {
      x: field.left * width,
      y: field.top * height,
      width: (field.right - field.left) * width,
      height: (field.bottom - field.top) * height,
    }
    context.fillRect(inner.x, inner.y, inner.width, inner.height)
    context.fillStyle = 'white'
    const cell = { width: inner.width / cells.columns, height: inner.height / cells.rows }
    const now = Date.now()
    cellsOf(now).forEach((isWhite, place) => {
      if (!isWhite) return
      const x = inner.x + (place % cells.columns) * cell.width
      const y = inner.y + Math.floor(place / cells.columns) * cell.height
      context.fillRect(x, y, cell.width, cell.height)
    })
    track.requestFrame()
    made.drawn.push(now)
  }
  const timer = setInterval(next, everyMs)
  next()
  return made
}

/** Sounds when the clock says so, whatever the audio device's clock does. */
function sound({ toneHz, phaseMs, loudness }: Pattern): MediaStreamTrack {
  const context = new AudioContext({ sampleRate: 48_000 })
  const destination = context.createMediaStreamDestination()
  const gain = new GainNode(context, { gain: loudness })
  gain.connect(destination)
  // Sound is rendered in bursts: the reading that is farthest ahead within a second is the true one.
  let readings: { at: number; leadMs: number }[] = []
  const lead = (): number => Math.max(...readings.map(({ leadMs }) => leadMs))
  let nextAt = Math.ceil((Date.now() + aheadMs) / toneEveryMs) * toneEveryMs + phaseMs
  const waiting: number[] = []
  setInterval(() => {
    const at = Date.now()
    readings = readings.filter((reading) => reading.at > at - 1000)
    readings.push({ at, leadMs: context.currentTime * 1000 - at })
    // The two clocks may have gone apart since it was planned.
    while (waiting.length > 0 && waiting[0]! + toneMs + 200 < context.currentTime * 1000)
      tones.push(waiting.shift()! - lead() + toneMs / 2)
    if (nextAt > at + aheadMs - 500) return
    const startMs = nextAt + lead()
    const tone = new OscillatorNode(context, { frequency: toneHz })
    tone.connect(gain)
    tone.start(startMs / 1000)
    tone.stop((startMs + toneMs) / 1000)
    waiting.push(startMs)
    nextAt += toneEveryMs
  }, 10)
  return destination.stream.getAudioTracks()[0]!
}

/** Takes samples for a track; not known to TypeScript. */
declare class MediaStreamTrackGenerator extends MediaStreamTrack {
  constructor(options: { kind: 'audio' })
  readonly writable: WritableStream<AudioData>
}

/** The same from a sound card of another speed: how fast its clock runs shows in how many samples it makes. */
function cardSound({ toneHz, phaseMs, loudness }: Pattern, ppm: number): MediaStreamTrack {
  const sampleRate = 48_000
  const perMs = (sampleRate / 1000) * (1 + ppm / 1e6)
  const numberOfFrames = sampleRate / 100
  const track = new MediaStreamTrackGenerator({ kind: 'audio' })
  const writer = track.writable.getWriter()
  const startMs = Date.now()
  // What samples are stamped with counts from the beginning of the page.
  const pageMs = performance.now()
  let made = 0
  const next = (): void => {
    const data = new Float32Array(numberOfFrames)
    for (let place = 0; place < numberOfFrames; place++) {
      const atMs = startMs + (made + place) / perMs
      const sinceMs = (atMs - phaseMs) % toneEveryMs
      if (sinceMs < toneMs) data[place] = loudness * Math.sin((2 * Math.PI * toneHz * sinceMs) / 1000)
    }
    const timestamp = Math.round((pageMs + made / perMs) * 1000)
    void writer.write(
      new AudioData({ format: 'f32', sampleRate, numberOfFrames, numberOfChannels: 1, timestamp, data }),
    )
    made += numberOfFrames
  }
  let toneAt = Math.ceil((startMs - phaseMs) / toneEveryMs) * toneEveryMs + phaseMs
  setInterval(() => {
    const now = Date.now()
    while (made + numberOfFrames <= (now - startMs) * perMs) next()
    for (; toneAt + toneMs + 200 < now; toneAt += toneEveryMs) tones.push(toneAt + toneMs / 2)
  }, 10)
  return track
}

const call = {
  async join(options: {
    pattern: Pattern
    room: string
    name: string
    token?: string
    listens: boolean
  }): Promise<void> {
    pattern = options.pattern
    room = new Room()
    room.on('trackSubscribed', (track) => {
      const element = track.attach()
      if (element instanceof HTMLVideoElement)
        Object.assign(element.style, { width: '320px', height: '180px' })
      document.body.append(element)
    })
    room.on('trackUnsubscribed', (track) => track.attachedElements.forEach((element) => element.remove()))
    const { name, token, listens: autoSubscribe } = options
    await room.connect('', { room: options.room, name, token, autoSubscribe })
  },
  /** Returns the id of the recording. */
  async record(): Promise<string> {
    return (await room.startRecording()).recordingId
  },
  async stopRecording(): Promise<number> {
    const at = Date.now()
    await room.stopRecording()
    return at
  },
  async publish({ camera = usualCamera, isSingle, cardPpm }: PatternSending): Promise<number> {
    const microphone = cardPpm === undefined ? sound(pattern) : cardSound(pattern, cardPpm)
    const at = Date.now()
    drawing = draw(pattern.colour, camera)
    await Promise.all([
      room.localParticipant.publishTrack(drawing.track, { source: 'camera', simulcast: !isSingle }),
      room.localParticipant.publishTrack(microphone, { source: 'microphone' }),
    ])
    return at
  },
  async mute(muted: boolean): Promise<number> {
    const before = Date.now()
    await room.localParticipant.setMicrophoneEnabled(!muted)
    return muted ? Date.now() : before
  },
  async share(): Promise<number> {
    // What the browser would give when somebody picks a window.
    navigator.mediaDevices.getDisplayMedia = () => {
      sharing = draw(screenColour, screen)
      return Promise.resolve(new MediaStream([sharing.track]))
    }
    await room.localParticipant.setScreenShareEnabled(true)
    return Date.now()
  },
  async stopSharing(): Promise<number> {
    const at = Date.now()
    await room.localParticipant.setScreenShareEnabled(false)
    sharing?.stop()
    return at
  },
  async leave(): Promise<number> {
    const at = Date.now()
    await room.disconnect()
    drawing?.stop()
    return at
  },
  /** How many tones are over. */
  toneCount: () => tones.length,
  /** Remembers how many pictures the encoders have made. */
  async countEncoded(): Promise<void> {
    encoded.camera = (await encodedOf('camera')) ?? encoded.camera
    encoded.screen = (await encodedOf('screen')) ?? encoded.screen
  },
  sent: () => ({ tones, camera: drawing?.drawn ?? [], screen: sharing?.drawn ?? [], encoded }),
}

Object.assign(globalThis, { call })
