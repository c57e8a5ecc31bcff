import { useCallback, useEffect, useRef, useState } from 'react'
import { createLocalTracks, getLocalDevices, type LocalTrack } from 'sluice-client'
import { changeSettings, settings, useSettings } from '../ui/settings.ts'
import { stateOfError, type Capture, type DeviceState } from './device-state.ts'

export interface LocalMedia {
  readonly camera: DeviceState
  readonly microphone: DeviceState
  readonly cameraTrack: LocalTrack | undefined
  readonly microphoneTrack: LocalTrack | undefined
  readonly devices: readonly MediaDeviceInfo[]
  turn(capture: Capture, on: boolean): void
  choose(kind: MediaDeviceKind, deviceId: string): void
  retry(): void
  /** Hands the tracks over to the room, also those that the browser still has to bring; nothing here stops them then. */
  take(receive: (track: LocalTrack) => void): Handover
}

export interface Handover {
  /** What is still being asked for. */
  readonly pending: readonly Capture[]
  /** When that has come, or failed. */
  readonly settled: Promise<void>
}

type Tracks = Record<Capture, LocalTrack | undefined>
type States = Record<Capture, DeviceState>

function constraints(capture: Capture) {
  const { microphoneId, cameraId } = settings()
  const deviceId = capture === 'camera' ? cameraId : microphoneId
  return deviceId ? { deviceId } : true
}

function capture(audio: boolean, video: boolean): Promise<LocalTrack[]> {
  return createLocalTracks({
    audio: audio && constraints('microphone'),
    video: video && constraints('camera'),
  })
}

async function permission(of: Capture): Promise<PermissionState | undefined> {
  try {
    return (await navigator.permissions.query({ name: of as PermissionName })).state
  } catch {
    return undefined
  }
}

/** Camera and microphone for the preview; `withCamera` false starts without, though it can be switched on. One question for both; if that fails, each is tried by itself. */
export function useLocalMedia(active: boolean, { withCamera = true } = {}): LocalMedia {
  const { microphoneOn, cameraOn } = useSettings()
  const [states, setStates] = useState<States>({
    microphone: microphoneOn ? 'asking' : 'off',
    camera: cameraOn && withCamera ? 'asking' : 'off',
  })
  const [tracks, setTracks] = useState<Tracks>({ microphone: undefined, camera: undefined })
  /** The same as `states`, for who asks later than it was rendered. */
  const current = useRef(states)
  const [devices, setDevices] = useState<readonly MediaDeviceInfo[]>([])
  const held = useRef<Tracks>({ microphone: undefined, camera: undefined })
  /** Grows with each thing started; what an older one brings is stopped again. */
  const turns = useRef({ microphone: 0, camera: 0 })
  const receiver = useRef<((track: LocalTrack) => void) | undefined>(undefined)
  const work = useRef<Promise<unknown>>(Promise.resolve())

  const put = useCallback((which: Capture, state: DeviceState, track?: LocalTrack) => {
    if (held.current[which] !== track) held.current[which]?.stop()
    held.current = { ...held.current, [which]: track }
    setTracks(held.current)
    current.current = { ...current.current, [which]: state }
    setStates(current.current)
    track?.once('ended', () => {
      if (held.current[which] === track) put(which, 'failed')
    })
  }, [])

  const list = useCallback(async () => {
    setDevices(await getLocalDevices().catch(() => []))
  }, [])

  const capturing = useCallback(
    async (wanted: readonly Capture[]) => {
      const mine = new Map(wanted.map((which) => [which, ++turns.current[which]]))
      const isCurrent = (which: Capture) => turns.current[which] === mine.get(which)
      for (const which of wanted) put(which, 'asking', held.current[which])
      const accept = (got: readonly LocalTrack[]) => {
        for (const track of got) {
          const which: Capture = track.kind === 'video' ? 'camera' : 'microphone'
          if (isCurrent(which) && receiver.current) receiver.current(track)
          else if (isCurrent(which)) put(which, 'on', track)
          else track.stop()
        }
      }
      const one = async (which: Capture) => {
        try {
          accept(await capture(which === 'microphone', which === 'camera'))
        } catch (error) {
          if (isCurrent(which)) put(which, stateOfError(error))
        }
      }
      if (wanted.length === 1 && wanted[0]) await one(wanted[0])
      else if (wanted.length === 2) {
        try {
          accept(await capture(true, true))
        } catch (error) {
          // After a refusal only what is allowed already is tried alone, so that nobody is asked three times.
          const refused = stateOfError(error) === 'denied'
          for (const which of wanted) {
            if (refused && (await permission(which)) !== 'granted') {
              if (isCurrent(which)) put(which, 'denied')
            } else await one(which)
          }
        }
      }
      await list()
    },
    [put, list],
  )
  const start = useCallback(
    (wanted: readonly Capture[]) => {
      work.current = Promise.all([work.current, capturing(wanted)])
    },
    [capturing],
  )

  useEffect(() => {
    if (!active) return
    receiver.current = undefined
    const wanted: Capture[] = []
    if (settings().microphoneOn) wanted.push('microphone')
    if (settings().cameraOn && withCamera) wanted.push('camera')
    start(wanted)
    if (wanted.length === 0) void list()
    // What was missing may have been plugged in.
    const onChange = () =>
      start((['microphone', 'camera'] as const).filter((which) => current.current[which] === 'missing'))
    navigator.mediaDevices?.addEventListener('devicechange', onChange)
    const counters = turns.current
    return () => {
      navigator.mediaDevices?.removeEventListener('devicechange', onChange)
      if (receiver.current) return
      counters.microphone++
      counters.camera++
      held.current.microphone?.stop()
      held.current.camera?.stop()
      held.current = { microphone: undefined, camera: undefined }
    }
  }, [active, withCamera, start, list])

  return {
    camera: states.camera,
    microphone: states.microphone,
    cameraTrack: tracks.camera,
    microphoneTrack: tracks.microphone,
    devices,
    turn(which, on) {
      changeSettings(which === 'camera' ? { cameraOn: on } : { microphoneOn: on })
      if (on) start([which])
      else {
        turns.current[which]++
        put(which, 'off')
      }
    },
    choose(kind, deviceId) {
      if (kind === 'audiooutput') return changeSettings({ speakerId: deviceId })
      const which: Capture = kind === 'videoinput' ? 'camera' : 'microphone'
      changeSettings(
        which === 'camera'
          ? { cameraId: deviceId, cameraOn: true }
          : { microphoneId: deviceId, microphoneOn: true },
      )
      put(which, 'asking')
      start([which])
    },
    retry() {
      const failed = (['microphone', 'camera'] as const).filter(
        (which) => !['on', 'off', 'asking'].includes(states[which]),
      )
      start(failed)
    },
    take(receive) {
      const taken = Object.values(held.current).filter((track) => track !== undefined)
      held.current = { microphone: undefined, camera: undefined }
      receiver.current = receive
      for (const track of taken) receive(track)
      return {
        pending: (['microphone', 'camera'] as const).filter((which) => current.current[which] === 'asking'),
        settled: work.current.then(() => undefined),
      }
    },
  }
}
