import { SluiceError } from './errors.ts'
import { LocalTrack } from './track.ts'
import type {
  AudioCaptureOptions,
  CreateLocalTracksOptions,
  ScreenShareOptions,
  TrackSource,
  VideoCaptureOptions,
} from './types.ts'

const defaultResolution = { width: 1280, height: 720, frameRate: 30 }
const defaultScreen = { width: 2560, height: 1440, frameRate: 15 }

/**
 * Captures camera and microphone without a room, for a preview; publish the same tracks later with
 * `localParticipant.publishTrack`. One question for permission. If one of the two fails, the error says so and nothing is
 * captured: ask for the other alone then.
 *
 * @throws {SluiceError} `permission-denied`, `device-not-found`, `device-in-use`, `device-unsuitable`, `insecure-context`.
 */
export async function createLocalTracks(options: CreateLocalTracksOptions = {}): Promise<LocalTrack[]> {
  const { audio = true, video = true } = options
  const audioOptions = audio === true ? {} : audio
  const videoOptions = video === true ? {} : video
  if (!audioOptions && !videoOptions) return []
  const stream = await getUserMedia({
    ...(audioOptions ? { audio: microphoneConstraints(audioOptions) } : {}),
    ...(videoOptions ? { video: cameraConstraints(videoOptions) } : {}),
  })
  return stream.getTracks().map((track) => {
    if (track.kind === 'audio') {
      return new LocalTrack(track, 'microphone', { options: audioOptions || {}, again: captureMicrophone })
    }
    track.contentHint = 'motion'
    return new LocalTrack(track, 'camera', { options: videoOptions || {}, again: captureCamera })
  })
}

/**
 * Lets the person pick a screen, window or tab. The second track is its sound, if asked for and offered.
 *
 * @throws {SluiceError} `cancelled` when the person closed the picker, `permission-denied`, `unsupported-browser`.
 */
export async function createScreenTracks(options: ScreenShareOptions = {}): Promise<LocalTrack[]> {
  const { audio = false, resolution = defaultScreen, contentHint = 'detail' } = options
  const devices = mediaDevices()
  if (!('getDisplayMedia' in devices)) {
    throw new SluiceError('unsupported-browser', 'This browser cannot share a screen.')
  }
  const constraints = {
    video: {
      width: { max: resolution.width },
      height: { max: resolution.height },
      frameRate: { max: resolution.frameRate ?? defaultScreen.frameRate },
    },
    // What is heard must not be cleaned as if it were a voice.
    audio: audio && { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    surfaceSwitching: 'include',
    selfBrowserSurface: 'exclude',
    systemAudio: 'include',
  }
  let stream: MediaStream
  try {
    stream = await devices.getDisplayMedia(constraints)
  } catch (error) {
    throw captureError(error, 'screen')
  }
  return [...stream.getVideoTracks(), ...stream.getAudioTracks()].map((track) => {
    if (track.kind === 'video') track.contentHint = contentHint
    return new LocalTrack(track, track.kind === 'video' ? 'screen' : 'screen-audio', {
      options: {},
      again: undefined,
    })
  })
}

/**
 * Lists cameras, microphones and speakers, or one kind of them. Names are empty before permission was given once;
 * `requestPermissions` asks for it.
 *
 * @throws {SluiceError} `permission-denied` and the like, only with `requestPermissions`; `insecure-context`.
 */
export async function getLocalDevices(
  kind?: MediaDeviceKind,
  requestPermissions = false,
): Promise<MediaDeviceInfo[]> {
  const devices = mediaDevices()
  const list = async (): Promise<MediaDeviceInfo[]> => {
    const all = await devices.enumerateDevices()
    return kind ? all.filter((device) => device.kind === kind) : all
  }
  const found = await list()
  const namesAreHidden = found.length === 0 || found.some((device) => device.label === '')
  if (!requestPermissions || !namesAreHidden) return found
  const stream = await getUserMedia({
    ...(kind === 'videoinput' ? {} : { audio: true }),
    ...(kind === undefined || kind === 'videoinput' ? { video: true } : {}),
  })
  try {
    return await list()
  } finally {
    for (const track of stream.getTracks()) track.stop()
  }
}

export async function captureCamera(options: VideoCaptureOptions): Promise<MediaStreamTrack> {
  const track = (await getUserMedia({ video: cameraConstraints(options) })).getVideoTracks()[0]!
  track.contentHint = 'motion'
  return track
}

export async function captureMicrophone(options: AudioCaptureOptions): Promise<MediaStreamTrack> {
  return (await getUserMedia({ audio: microphoneConstraints(options) })).getAudioTracks()[0]!
}

/** A track that shows nothing, for publishing what is muted and not being captured. */
export function placeholderTrack(kind: 'audio' | 'video'): MediaStreamTrack {
  if (kind === 'video') {
    const canvas = document.createElement('canvas')
    canvas.width = defaultResolution.width
    canvas.height = defaultResolution.height
    canvas.getContext('2d')
    return canvas.captureStream(0).getVideoTracks()[0]!
  }
  const context = new AudioContext()
  const track = context.createMediaStreamDestination().stream.getAudioTracks()[0]!
  void context.close()
  return track
}

/** `default` and nothing both mean the system's choice. */
function deviceConstraint(deviceId: string | undefined): { deviceId?: ConstrainDOMString } {
  return deviceId && deviceId !== 'default' ? { deviceId: { exact: deviceId } } : {}
}

function cameraConstraints(options: VideoCaptureOptions): MediaTrackConstraints {
  const { deviceId, facingMode, resolution = defaultResolution } = options
  return {
    ...deviceConstraint(deviceId),
    ...(facingMode && !deviceId ? { facingMode } : {}),
    width: { ideal: resolution.width },
    height: { ideal: resolution.height },
    frameRate: { ideal: resolution.frameRate ?? defaultResolution.frameRate },
  }
}

function microphoneConstraints(options: AudioCaptureOptions): MediaTrackConstraints {
  const { deviceId, echoCancellation = true, noiseSuppression = true, autoGainControl = true } = options
  return {
    ...deviceConstraint(deviceId),
    echoCancellation,
    noiseSuppression,
    autoGainControl,
    channelCount: { ideal: options.channelCount ?? 1 },
  }
}

function mediaDevices(): MediaDevices {
  const devices = (navigator as { mediaDevices?: MediaDevices }).mediaDevices
  if (devices) return devices
  if (globalThis.isSecureContext === false) {
    throw new SluiceError('insecure-context', 'Camera and microphone need a page opened over HTTPS.')
  }
  throw new SluiceError('unsupported-browser', 'This browser gives no access to cameras and microphones.')
}

async function getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream> {
  const devices = mediaDevices()
  try {
    return await devices.getUserMedia(constraints)
  } catch (error) {
    throw captureError(error, constraints.video ? 'camera' : 'microphone')
  }
}

const sourceNames: Readonly<Record<TrackSource, string>> = {
  camera: 'the camera',
  microphone: 'the microphone',
  screen: 'the screen',
  'screen-audio': 'the sound of the screen',
  other: 'this',
}

function captureError(cause: unknown, source: TrackSource): SluiceError {
  if (cause instanceof SluiceError) return cause
  const name = cause instanceof Error ? cause.name : ''
  const message = cause instanceof Error ? cause.message : ''
  const what = sourceNames[source]
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      // Closing the picker of screens is reported like a refusal; the system's refusal says so in its text.
      if (source === 'screen' && !/system|policy/i.test(message)) {
        return new SluiceError('cancelled', 'Nothing was picked to share.', { cause })
      }
      return new SluiceError('permission-denied', `Access to ${what} was not allowed.`, { cause })
    case 'NotFoundError':
      return new SluiceError('device-not-found', `No device was found for ${what}.`, { cause })
    case 'OverconstrainedError': {
      const isMissing = (cause as { constraint?: string }).constraint === 'deviceId'
      return isMissing
        ? new SluiceError('device-not-found', `The chosen device for ${what} is not there.`, { cause })
        : new SluiceError('device-unsuitable', `No device for ${what} can do what was asked for.`, { cause })
    }
    case 'InvalidStateError':
    case 'TypeError':
      return new SluiceError('invalid-argument', `Capturing ${what} was asked for in a way that cannot be.`, {
        cause,
      })
    default:
      return new SluiceError(
        'device-in-use',
        `The device for ${what} does not start; another program may use it.`,
        {
          cause,
        },
      )
  }
}
