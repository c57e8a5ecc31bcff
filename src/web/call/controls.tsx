import {
  ChevronUp,
  Circle,
  Video,
  VideoOff,
  Ellipsis,
  Hand,
  Keyboard,
  LayoutGrid,
  Link2,
  MessageSquare,
  Mic,
  MicOff,
  MonitorUp,
  MonitorX,
  PhoneOff,
  Settings2,
  ShieldCheck,
  Square,
  UserRound,
  UsersRound,
} from 'lucide-react'
import type { ReactNode } from 'react'
import { Menu, MenuItem } from '../ui/menu.tsx'
import { useMedia } from '../ui/use-media.ts'
import type { Call, CallState, Switch } from './call.ts'
import { describeBarrier } from './happenings.ts'

export type Panel = 'chat' | 'people'
export type DialogName = 'settings' | 'help' | 'invite' | 'host' | 'record' | 'recording'

interface ControlsProps {
  readonly call: Call
  readonly state: CallState
  readonly room: string
  readonly compact: boolean
  readonly canInvite: boolean
  readonly panel: Panel | undefined
  readonly unread: number
  readonly speakerView: boolean
  readonly onPanel: (panel: Panel) => void
  readonly onView: () => void
  readonly onDialog: (dialog: DialogName) => void
  readonly onEnd: () => void
  /** Says why something cannot be done now. */
  readonly onBarrier: (why: string) => void
}

/** A guess: what can hover has a mouse, and what has a mouse has keys. */
const hasKeyboard = window.matchMedia('(hover: hover)').matches
const canShare = typeof navigator.mediaDevices?.getDisplayMedia === 'function'

export function Controls(props: ControlsProps) {
  const { call, state, compact, panel, unread, speakerView } = props
  const count = state.people.length
  const viewLabel = speakerView ? 'Switch to grid view' : 'Switch to speaker view'
  const viewIcon = speakerView ? <LayoutGrid size={20} aria-hidden /> : <UserRound size={20} aria-hidden />
  const shareLabel = state.screen.on ? 'Stop sharing' : 'Share your screen'
  const shareIcon = state.screen.on ? <MonitorX size={21} aria-hidden /> : <MonitorUp size={21} aria-hidden />
  const me = state.people.find((person) => person.local)
  const handUp = me?.hand !== undefined
  const handLabel = handUp ? 'Lower your hand' : 'Raise your hand'
  const turnHand = () => call.raiseHand(!handUp)
  const waiting = state.isHost ? state.lobby.length : 0
  const barrierOf = (what: 'microphone' | 'camera' | 'screen') => describeBarrier(what, state.blocked)
  const { recording } = state
  const recordLabel = recording ? 'Stop recording…' : 'Record…'
  const recordIcon = recording ? (
    <Square size={18} className="record-icon" aria-hidden />
  ) : (
    <Circle size={18} className="record-icon" aria-hidden />
  )
  const record = () => props.onDialog(recording ? 'recording' : 'record')
  const roomForRecord = useMedia('(min-width: 1100px)')
  const share = () => {
    const why = barrierOf('screen')
    if (why === undefined) call.setScreen(!state.screen.on)
    else props.onBarrier(why)
  }

  const mute = (
    <Toggle
      testId="toggle-mic"
      of={state.microphone}
      on={<Mic size={21} aria-hidden />}
      off={<MicOff size={21} aria-hidden />}
      label={state.microphone.on ? 'Mute' : 'Unmute'}
      hint="M"
      barrier={barrierOf('microphone')}
      onBarrier={props.onBarrier}
      onClick={() => call.setMicrophone(!state.microphone.on)}
    />
  )
  const camera = (
    <Toggle
      testId="toggle-camera"
      of={state.camera}
      on={<Video size={21} aria-hidden />}
      off={<VideoOff size={21} aria-hidden />}
      label={state.camera.on ? 'Turn camera off' : 'Turn camera on'}
      hint="V"
      barrier={barrierOf('camera')}
      onBarrier={props.onBarrier}
      onClick={() => call.setCamera(!state.camera.on)}
    />
  )
  const leave = (
    <button
      type="button"
      className="control leave"
      data-testid="leave"
      aria-label="Leave"
      title="Leave"
      onClick={() => call.leave()}
    >
      <PhoneOff size={21} aria-hidden />
    </button>
  )
  const chat = (
    <button
      type="button"
      id="chat-toggle"
      className={`control quiet ${panel === 'chat' ? 'active' : ''}`}
      data-testid="chat-toggle"
      aria-label={unread > 0 ? `Chat, ${unread} unread` : 'Chat'}
      title="Chat (C)"
      aria-expanded={panel === 'chat'}
      onClick={() => props.onPanel('chat')}
    >
      <MessageSquare size={20} aria-hidden />
      {unread > 0 && (
        <span className="badge" aria-hidden>
          {unread > 99 ? '99+' : unread}
        </span>
      )}
    </button>
  )

  if (compact) {
    return (
      <footer className="bar compact" aria-label="Call controls">
        {mute}
        {camera}
        {chat}
        <Menu
          label={describeMore(waiting, handUp)}
          className="control quiet"
          icon={<Ellipsis size={21} aria-hidden />}
          badge={
            waiting > 0 ? (
              <span className="badge" aria-hidden>
                {waiting}
              </span>
            ) : handUp ? (
              <span className="count" aria-hidden>
                <Hand size={11} />
              </span>
            ) : undefined
          }
        >
          {(close) => {
            const item = (icon: ReactNode, text: string, run: () => void, testId?: string) => (
              <MenuItem
                icon={icon}
                {...(testId === undefined ? {} : { testId })}
                onClick={() => {
                  close()
                  run()
                }}
              >
                {text}
              </MenuItem>
            )
            return (
              <>
                {item(<Hand size={19} aria-hidden />, handLabel, turnHand, 'hand-toggle')}
                {item(
                  <UsersRound size={19} aria-hidden />,
                  waiting > 0 ? `People (${count}), ${waiting} waiting` : `People (${count})`,
                  () => props.onPanel('people'),
                  'participants-toggle',
                )}
                {item(viewIcon, viewLabel, props.onView, 'view-toggle')}
                {canShare && item(shareIcon, shareLabel, share, 'toggle-screen')}
                {state.mayRecord && item(recordIcon, recordLabel, record, 'record-toggle')}
                {state.isHost &&
                  item(
                    <ShieldCheck size={19} aria-hidden />,
                    'Host controls',
                    () => props.onDialog('host'),
                    'host-controls',
                  )}
                {props.canInvite &&
                  item(<Link2 size={19} aria-hidden />, 'Invite people', () => props.onDialog('invite'))}
                {item(<Settings2 size={19} aria-hidden />, 'Settings', () => props.onDialog('settings'))}
                {state.isHost &&
                  item(<PhoneOff size={19} aria-hidden />, 'End for everybody…', props.onEnd, 'end-for-all')}
                {hasKeyboard &&
                  item(<Keyboard size={19} aria-hidden />, 'Keyboard shortcuts', () =>
                    props.onDialog('help'),
                  )}
              </>
            )
          }}
        </Menu>
        {leave}
      </footer>
    )
  }

  return (
    <footer className="bar" aria-label="Call controls">
      <div className="bar-left">
        <span className="bar-room" title={props.room}>
          {props.room}
        </span>
        {props.canInvite && (
          <button type="button" className="button small invite" onClick={() => props.onDialog('invite')}>
            <Link2 size={16} aria-hidden />
            Invite
          </button>
        )}
      </div>
      <div className="bar-center">
        {mute}
        {camera}
        {canShare && (
          <button
            type="button"
            className={`control ${state.screen.on ? 'active' : ''}`}
            data-testid="toggle-screen"
            aria-label={labelWith(shareLabel, barrierOf('screen'))}
            title={barrierOf('screen') ?? `${shareLabel} (S)`}
            aria-pressed={state.screen.on}
            aria-busy={state.screen.busy}
            aria-disabled={barrierOf('screen') !== undefined}
            onClick={share}
          >
            {shareIcon}
          </button>
        )}
        <button
          type="button"
          className={`control ${handUp ? 'active' : ''}`}
          data-testid="hand-toggle"
          aria-label={handLabel}
          title={`${handLabel} (H)`}
          aria-pressed={handUp}
          onClick={turnHand}
        >
          <Hand size={21} aria-hidden />
        </button>
        {state.isHost ? (
          <div className="leave-group">
            {leave}
            <Menu
              label="More ways to leave"
              className="control leave-more"
              icon={<ChevronUp size={17} aria-hidden />}
              testId="leave-more"
            >
              {(close) => (
                <>
                  <MenuItem
                    icon={<PhoneOff size={19} aria-hidden />}
                    onClick={() => {
                      close()
                      call.leave()
                    }}
                  >
                    Leave, the others go on
                  </MenuItem>
                  <MenuItem
                    icon={<UsersRound size={19} aria-hidden />}
                    testId="end-for-all"
                    onClick={() => {
                      close()
                      props.onEnd()
                    }}
                  >
                    End for everybody…
                  </MenuItem>
                </>
              )}
            </Menu>
          </div>
        ) : (
          leave
        )}
      </div>
      <div className="bar-right">
        <button
          type="button"
          className="control quiet"
          data-testid="view-toggle"
          aria-label={viewLabel}
          title={viewLabel}
          onClick={props.onView}
        >
          {viewIcon}
        </button>
        {state.mayRecord && roomForRecord && (
          <button
            type="button"
            className="control quiet"
            data-testid="record-toggle"
            aria-label={recordLabel}
            title={recordLabel}
            aria-haspopup="dialog"
            onClick={record}
          >
            {recordIcon}
          </button>
        )}
        {state.isHost && (
          <button
            type="button"
            className="control quiet"
            data-testid="host-controls"
            aria-label="Host controls"
            title="Host controls"
            aria-haspopup="dialog"
            onClick={() => props.onDialog('host')}
          >
            <ShieldCheck size={20} aria-hidden />
          </button>
        )}
        <button
          type="button"
          id="people-toggle"
          className={`control quiet ${panel === 'people' ? 'active' : ''}`}
          data-testid="participants-toggle"
          aria-label={waiting > 0 ? `People, ${count}, ${waiting} waiting to come in` : `People, ${count}`}
          title="People (P)"
          aria-expanded={panel === 'people'}
          onClick={() => props.onPanel('people')}
        >
          <UsersRound size={20} aria-hidden />
          {waiting > 0 ? (
            <span className="badge" aria-hidden>
              {waiting}
            </span>
          ) : (
            <span className="count" aria-hidden>
              {count}
            </span>
          )}
        </button>
        {chat}
        <Menu label="More" className="control quiet" icon={<Ellipsis size={21} aria-hidden />}>
          {(close) => (
            <>
              {state.mayRecord && !roomForRecord && (
                <MenuItem
                  icon={recordIcon}
                  testId="record-toggle"
                  onClick={() => {
                    close()
                    record()
                  }}
                >
                  {recordLabel}
                </MenuItem>
              )}
              <MenuItem
                icon={<Settings2 size={19} aria-hidden />}
                onClick={() => {
                  close()
                  props.onDialog('settings')
                }}
              >
                Settings
              </MenuItem>
              <MenuItem
                icon={<Keyboard size={19} aria-hidden />}
                hint="?"
                onClick={() => {
                  close()
                  props.onDialog('help')
                }}
              >
                Keyboard shortcuts
              </MenuItem>
            </>
          )}
        </Menu>
      </div>
    </footer>
  )
}

function describeMore(waiting: number, handUp: boolean): string {
  if (waiting > 0) return `More, ${waiting} waiting to come in`
  return handUp ? 'More, your hand is raised' : 'More'
}

function labelWith(label: string, barrier: string | undefined): string {
  return barrier === undefined ? label : `${label}, not now: ${barrier}`
}

interface ToggleProps {
  readonly testId: string
  readonly of: Switch
  readonly on: ReactNode
  readonly off: ReactNode
  readonly label: string
  readonly hint: string
  /** Why it cannot be used now; it can still be reached, and says so. */
  readonly barrier: string | undefined
  readonly onClick: () => void
  readonly onBarrier: (why: string) => void
}

function Toggle({ testId, of, on, off, label, hint, barrier, onClick, onBarrier }: ToggleProps) {
  return (
    <button
      type="button"
      className={`control ${of.on ? '' : 'off'}`}
      data-testid={testId}
      data-on={of.on}
      aria-label={labelWith(label, barrier)}
      title={barrier ?? `${label} (${hint})`}
      aria-busy={of.busy}
      aria-disabled={barrier !== undefined}
      onClick={() => (barrier === undefined ? onClick() : onBarrier(barrier))}
    >
      {of.on ? on : off}
    </button>
  )
}
