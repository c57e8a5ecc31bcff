import {
  Video,
  VideoOff,
  Ellipsis,
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
  UserRound,
  UsersRound,
} from 'lucide-react'
import type { ReactNode } from 'react'
import { Menu, MenuItem } from '../ui/menu.tsx'
import type { Call, CallState, Switch } from './call.ts'

export type Panel = 'chat' | 'people'
export type DialogName = 'settings' | 'help' | 'invite'

interface ControlsProps {
  readonly call: Call
  readonly state: CallState
  readonly room: string
  readonly compact: boolean
  readonly panel: Panel | undefined
  readonly unread: number
  readonly speakerView: boolean
  readonly onPanel: (panel: Panel) => void
  readonly onView: () => void
  readonly onDialog: (dialog: DialogName) => void
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

  const mute = (
    <Toggle
      testId="toggle-mic"
      of={state.microphone}
      on={<Mic size={21} aria-hidden />}
      off={<MicOff size={21} aria-hidden />}
      label={state.microphone.on ? 'Mute' : 'Unmute'}
      hint="M"
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
        <Menu label="More" className="control quiet" icon={<Ellipsis size={21} aria-hidden />}>
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
                {item(
                  <UsersRound size={19} aria-hidden />,
                  `People (${count})`,
                  () => props.onPanel('people'),
                  'participants-toggle',
                )}
                {item(viewIcon, viewLabel, props.onView, 'view-toggle')}
                {canShare &&
                  item(shareIcon, shareLabel, () => call.setScreen(!state.screen.on), 'toggle-screen')}
                {item(<Link2 size={19} aria-hidden />, 'Invite people', () => props.onDialog('invite'))}
                {item(<Settings2 size={19} aria-hidden />, 'Settings', () => props.onDialog('settings'))}
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
        <button type="button" className="button small invite" onClick={() => props.onDialog('invite')}>
          <Link2 size={16} aria-hidden />
          Invite
        </button>
      </div>
      <div className="bar-center">
        {mute}
        {camera}
        {canShare && (
          <button
            type="button"
            className={`control ${state.screen.on ? 'active' : ''}`}
            data-testid="toggle-screen"
            aria-label={shareLabel}
            title={`${shareLabel} (S)`}
            aria-pressed={state.screen.on}
            aria-busy={state.screen.busy}
            onClick={() => call.setScreen(!state.screen.on)}
          >
            {shareIcon}
          </button>
        )}
        {leave}
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
        <button
          type="button"
          id="people-toggle"
          className={`control quiet ${panel === 'people' ? 'active' : ''}`}
          data-testid="participants-toggle"
          aria-label={`People, ${count}`}
          title="People (P)"
          aria-expanded={panel === 'people'}
          onClick={() => props.onPanel('people')}
        >
          <UsersRound size={20} aria-hidden />
          <span className="count" aria-hidden>
            {count}
          </span>
        </button>
        {chat}
        <Menu label="More" className="control quiet" icon={<Ellipsis size={21} aria-hidden />}>
          {(close) => (
            <>
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

interface ToggleProps {
  readonly testId: string
  readonly of: Switch
  readonly on: ReactNode
  readonly off: ReactNode
  readonly label: string
  readonly hint: string
  readonly onClick: () => void
}

function Toggle({ testId, of, on, off, label, hint, onClick }: ToggleProps) {
  return (
    <button
      type="button"
      className={`control ${of.on ? '' : 'off'}`}
      data-testid={testId}
      data-on={of.on}
      aria-label={label}
      title={`${label} (${hint})`}
      aria-busy={of.busy}
      onClick={onClick}
    >
      {of.on ? on : off}
    </button>
  )
}
