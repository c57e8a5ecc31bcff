import { Video, VideoOff, CircleAlert, Loader, Mic, MicOff, TriangleAlert, Volume2 } from 'lucide-react'
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react'
import { changeSettings, useSettings } from '../ui/settings.ts'
import { hueOf, initials } from '../ui/initials.ts'
import { navigate } from '../ui/router.ts'
import { Wordmark } from '../ui/mark.tsx'
import { ThemeButton } from '../ui/theme-button.tsx'
import { browserOf, describeProblem, type Capture, type DeviceState } from './device-state.ts'
import { DeviceSelect } from './device-select.tsx'
import { MicMeter } from './mic-meter.tsx'
import { canChooseSpeaker, playTestSound } from './test-sound.ts'
import type { LocalMedia } from './use-local-media.ts'
import './join.css'

export interface JoinError {
  readonly title: string
  readonly text: string
}

/** What a meeting or a call adds to the page. */
export interface JoinExtras {
  /** Above the title; left out: “You are about to join”. */
  readonly eyebrow?: string
  /** Below the title: who hosts it, when. */
  readonly details?: ReactNode
  /** The name of who is logged in. It is not asked for then. */
  readonly name?: string | undefined
  /** What the button says; left out: “Join”. */
  readonly button?: string
  /** More fields, below the name. */
  readonly fields?: ReactNode
  /** Whether those fields hold what joining needs. */
  readonly check?: () => boolean
}

interface JoinPageProps {
  readonly title: string
  readonly media: LocalMedia
  readonly joining: boolean
  readonly error: JoinError | undefined
  readonly extras?: JoinExtras | undefined
  readonly onJoin: (name: string) => void
}

export function JoinPage({ title, media, joining, error, extras = {}, onJoin }: JoinPageProps) {
  const remembered = useSettings()
  const [typed, setName] = useState(remembered.name)
  const name = extras.name ?? typed
  const [nameMissing, setNameMissing] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const joinButton = useRef<HTMLButtonElement>(null)
  // Enter joins at once for who has a name already. Without scrolling: on a phone the preview comes first.
  const [nameAtFirst] = useState(name)
  useEffect(() => {
    const first = nameAtFirst === '' ? field.current : joinButton.current
    first?.focus({ preventScroll: true })
  }, [nameAtFirst])

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (joining) return
    const trimmed = name.trim()
    if (trimmed === '') {
      setNameMissing(true)
      field.current?.focus()
      return
    }
    if (extras.check?.() === false) return
    performance.mark('sluice:join-click')
    if (extras.name === undefined) changeSettings({ name: trimmed })
    onJoin(trimmed)
  }

  return (
    <div className="page join">
      <header className="page-head">
        <a
          href="/"
          className="plain"
          aria-label="Sluice, home"
          onClick={(event) => {
            event.preventDefault()
            navigate('/')
          }}
        >
          <Wordmark />
        </a>
        <ThemeButton />
      </header>
      <main className="join-main">
        <section className="join-preview" aria-label="Your camera and microphone">
          <Preview media={media} name={name} />
          <DeviceProblems media={media} />
          <DeviceChoice
            media={media}
            inUse={{ camera: media.cameraTrack?.deviceId, microphone: media.microphoneTrack?.deviceId }}
          />
        </section>
        <form className="join-form" onSubmit={submit} noValidate>
          <div className="join-title">
            <p className="eyebrow">{extras.eyebrow ?? 'You are about to join'}</p>
            <h1>{title}</h1>
            {extras.details}
          </div>
          {extras.name !== undefined ? (
            <p className="join-as">
              You join as <strong>{extras.name}</strong>.
            </p>
          ) : (
            <div className="field">
              <label htmlFor="name">Your name</label>
              <input
                ref={field}
                id="name"
                data-testid="name-input"
                className="input large"
                autoComplete="name"
                maxLength={60}
                placeholder="As the others should see it"
                value={name}
                aria-invalid={nameMissing}
                aria-describedby={nameMissing ? 'name-missing' : undefined}
                onChange={(event) => {
                  setName(event.target.value)
                  setNameMissing(false)
                }}
              />
              {nameMissing && (
                <p id="name-missing" className="field-error" role="alert">
                  Please tell the others your name.
                </p>
              )}
            </div>
          )}
          {extras.fields}
          {error && (
            <div className="note error" data-testid="error" role="alert">
              <CircleAlert size={18} aria-hidden />
              <p>
                <strong>{error.title}</strong> {error.text}
              </p>
            </div>
          )}
          <button
            type="submit"
            data-testid="join-button"
            className="button primary large"
            aria-disabled={joining}
            ref={joinButton}
          >
            {joining && <Loader className="spin" size={18} aria-hidden />}
            {joining ? 'Joining…' : error ? 'Try again' : (extras.button ?? 'Join')}
          </button>
          <p className="join-without">{describeJoining(media)}</p>
        </form>
      </main>
    </div>
  )
}

function describeJoining({ camera, microphone }: LocalMedia): string {
  if (camera === 'asking' || microphone === 'asking') return 'You can also join right away and decide later.'
  if (camera === 'on' && microphone === 'on') return 'You will be seen and heard.'
  if (microphone === 'on') return 'You will be heard, not seen.'
  if (camera === 'on') return 'You will be seen, not heard.'
  return 'You will watch and listen. Camera and microphone can be switched on later.'
}

/** Oneself, with the switches of camera and microphone. */
export function Preview({ media, name }: { media: LocalMedia; name: string }) {
  const video = useRef<HTMLVideoElement>(null)
  const { cameraTrack } = media
  useEffect(() => {
    const element = video.current
    if (!element || !cameraTrack) return
    cameraTrack.attach(element)
    return () => {
      cameraTrack.detach(element)
    }
  }, [cameraTrack])
  return (
    <div className="preview" data-camera={media.camera}>
      <video
        ref={video}
        data-testid="preview-video"
        className="mirrored"
        muted
        playsInline
        autoPlay
        hidden={media.camera !== 'on'}
        aria-label="Preview of your camera"
      />
      {media.camera !== 'on' && <PreviewMessage state={media.camera} name={name} />}
      <div className="preview-bar">
        <PreviewToggle
          media={media}
          capture="microphone"
          on={<Mic size={20} aria-hidden />}
          off={<MicOff size={20} aria-hidden />}
        />
        <PreviewToggle
          media={media}
          capture="camera"
          on={<Video size={20} aria-hidden />}
          off={<VideoOff size={20} aria-hidden />}
        />
      </div>
      <div className="preview-meter">
        <MicMeter track={media.microphone === 'on' ? media.microphoneTrack?.mediaStreamTrack : undefined} />
      </div>
    </div>
  )
}

const previewTexts: Record<DeviceState, string> = {
  on: '',
  off: 'Your camera is off',
  asking: 'Allow camera and microphone when your browser asks',
  denied: 'Your camera is blocked',
  missing: 'No camera found',
  busy: 'Your camera is in use elsewhere',
  insecure: 'No camera on this page',
  failed: 'Your camera did not start',
}

function PreviewMessage({ state, name }: { state: DeviceState; name: string }) {
  const shown = name.trim()
  return (
    <div className="preview-message">
      {state === 'asking' ? (
        <Loader className="spin" size={28} aria-hidden />
      ) : (
        <span className="avatar" aria-hidden style={{ '--hue': hueOf(shown || 'you') }}>
          {shown ? initials(shown) : <VideoOff size={30} />}
        </span>
      )}
      <p>{previewTexts[state]}</p>
    </div>
  )
}

interface PreviewToggleProps {
  readonly media: LocalMedia
  readonly capture: Capture
  readonly on: ReactNode
  readonly off: ReactNode
}

function PreviewToggle({ media, capture, on, off }: PreviewToggleProps) {
  const state = media[capture]
  const active = state === 'on' || state === 'asking'
  const problem = !active && state !== 'off'
  return (
    <button
      type="button"
      className={`control ${active ? '' : 'off'}`}
      data-testid={capture === 'microphone' ? 'toggle-mic' : 'toggle-camera'}
      aria-label={`${capture === 'microphone' ? 'Microphone' : 'Camera'}${problem ? ', not available' : ''}`}
      title={`${active ? 'Turn off' : 'Turn on'} ${capture}`}
      aria-pressed={active}
      onClick={() => media.turn(capture, !active)}
    >
      {active ? on : off}
      {problem && (
        <span className="control-alert" aria-hidden>
          !
        </span>
      )}
    </button>
  )
}

function DeviceProblems({ media }: { media: LocalMedia }) {
  const browser = browserOf(navigator.userAgent)
  const problems =
    media.camera === media.microphone
      ? [describeProblem(media.camera, 'both', browser)]
      : [
          describeProblem(media.camera, 'camera', browser),
          describeProblem(media.microphone, 'microphone', browser),
        ]
  const shown = problems.filter((problem) => problem !== undefined)
  return (
    <div role="status" className="device-problems">
      {shown.map((problem) => (
        <div className="note" key={problem.title}>
          <TriangleAlert size={18} aria-hidden />
          <p>
            <strong>{problem.title}.</strong> {problem.help}{' '}
            {problem.retry && (
              <button type="button" className="link-button" onClick={media.retry}>
                Try again
              </button>
            )}
          </p>
        </div>
      ))}
    </div>
  )
}

interface DeviceChoiceProps {
  readonly media: Pick<LocalMedia, 'devices' | 'choose'>
  /** What is in use, for when nothing was chosen. */
  readonly inUse?: { readonly camera?: string | undefined; readonly microphone?: string | undefined }
}

export function DeviceChoice({ media, inUse }: DeviceChoiceProps) {
  const { microphoneId, cameraId, speakerId } = useSettings()
  const [playing, setPlaying] = useState(false)
  const test = async () => {
    setPlaying(true)
    await playTestSound(speakerId).catch(() => undefined)
    setPlaying(false)
  }
  return (
    <div className="device-choice">
      <DeviceSelect
        label="Microphone"
        kind="audioinput"
        devices={media.devices}
        value={microphoneId || (inUse?.microphone ?? '')}
        onChange={(id) => media.choose('audioinput', id)}
      />
      <DeviceSelect
        label="Camera"
        kind="videoinput"
        devices={media.devices}
        value={cameraId || (inUse?.camera ?? '')}
        onChange={(id) => media.choose('videoinput', id)}
      />
      {canChooseSpeaker && (
        <DeviceSelect
          label="Speaker"
          kind="audiooutput"
          devices={media.devices}
          value={speakerId}
          onChange={(id) => media.choose('audiooutput', id)}
        >
          <button
            type="button"
            className="icon-button outlined"
            aria-label="Play a test sound"
            title="Play a test sound"
            disabled={playing}
            onClick={() => void test()}
          >
            <Volume2 size={18} aria-hidden />
          </button>
        </DeviceSelect>
      )}
    </div>
  )
}
