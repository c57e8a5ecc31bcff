import { CircleAlert, MonitorUp, RefreshCw, UserRoundPlus, VolumeX, X } from 'lucide-react'
import { useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from 'react'
import { changeSettings, useSettings } from '../ui/settings.ts'
import { useMedia } from '../ui/use-media.ts'
import type { Call, CallEvent, CallState } from './call.ts'
import { AskedDialog } from './asked-dialog.tsx'
import { ChatPanel } from './chat-panel.tsx'
import { ConfirmAct, type Confirmation } from './confirm-act.tsx'
import { Controls, type DialogName, type Panel } from './controls.tsx'
import { HelpDialog, InviteDialog, SettingsDialog } from './dialogs.tsx'
import { describeBarrier } from './happenings.ts'
import { HostDialog } from './host-dialog.tsx'
import { KnockCard, useKnocks } from './knock-card.tsx'
import { PeoplePanel } from './people-panel.tsx'
import { RecordingDialog, StartRecordingDialog } from './recording-dialogs.tsx'
import { RecordingMark } from './recording-mark.tsx'
import { RecordingNotice, useRecordingNotice } from './recording-notice.tsx'
import { Stage } from './stage.tsx'
import { tileKey } from './tile.tsx'
import { useNotices } from './use-notices.ts'
import { useShortcuts } from './use-shortcuts.ts'
import { useWakeLock } from './use-wake-lock.ts'
import './call.css'

interface CallPageProps {
  readonly call: Call
  /** What people call it. */
  readonly room: string
  /** Leads others here; undefined where nobody can be invited, as in a call between people. */
  readonly link: string | undefined
}

export function CallPage({ call, room, link }: CallPageProps) {
  const state = useSyncExternalStore(
    (listener) => call.subscribe(listener),
    () => call.state(),
  )
  const { view, shortcuts } = useSettings()
  const compact = useMedia('(max-width: 760px), (max-height: 480px)')
  const [panel, setPanel] = useState<Panel>()
  const [dialog, setDialog] = useState<DialogName>()
  const [pinned, setPinned] = useState<string>()
  const notices = useNotices(call)
  const unread = useUnread(state, panel === 'chat', notices.say)
  const shares = useShares(state)
  const knocking = useKnocks(call, state.isHost ? state.lobby : noKnocks, notices.say)
  const asked = useAsked(call)
  const told = useRecordingNotice(state.recording, notices.tell)
  const [confirmation, setConfirmation] = useState<Confirmation>()
  const [offSpotlight, setOffSpotlight] = useState<string>()
  useWakeLock(state.phase.at === 'connected')
  // The join button is gone; who uses a keyboard or a screen reader starts at the top of the call.
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])

  const pinnedThere = pinned !== undefined && keysOf(state).has(pinned) ? pinned : undefined
  const speaker = useSteadySpeaker(state)
  const spotlight = spotlightOf(state)
  const spotlit = spotlight === offSpotlight ? undefined : spotlight
  const focus = pinnedThere ?? spotlit ?? shares.focus ?? (view === 'speaker' ? speaker : undefined)

  const openPanel = (next: Panel) => setPanel((before) => (before === next ? undefined : next))
  const closePanel = () => {
    const toggle = panel
    setPanel(undefined)
    document.getElementById(`${toggle}-toggle`)?.focus()
  }
  const switchView = () => {
    if (pinnedThere) setPinned(undefined)
    else if (spotlight) setOffSpotlight(spotlit)
    else if (shares.any) shares.toggle()
    else changeSettings({ view: view === 'speaker' ? 'grid' : 'speaker' })
  }
  const unlessBarred = (what: 'microphone' | 'camera' | 'screen', act: () => void) => {
    const why = describeBarrier(what, state.blocked)
    if (why === undefined) act()
    else notices.tell(why)
  }
  useShortcuts(shortcuts, {
    m: () => unlessBarred('microphone', () => call.setMicrophone(!state.microphone.on)),
    v: () => unlessBarred('camera', () => call.setCamera(!state.camera.on)),
    s: () => unlessBarred('screen', () => call.setScreen(!state.screen.on)),
    h: () => call.raiseHand(state.people.every((person) => !person.local || person.hand === undefined)),
    c: () => openPanel('chat'),
    p: () => openPanel('people'),
    g: switchView,
    '?': () => setDialog('help'),
  })
  const waiting = state.isHost ? state.lobby.length : 0
  useEffect(() => {
    const news = waiting > 0 ? `(${waiting} waiting) ` : unread > 0 ? `(${unread}) ` : ''
    document.title = `${news}${room} – Sluice`
  }, [waiting, unread, room])

  return (
    <div className="call" data-compact={compact} data-panel={panel}>
      {compact && (
        <header className="call-head">
          <span className="bar-room">{room}</span>
          {link !== undefined && (
            <button
              type="button"
              className="icon-button"
              aria-label="Invite people"
              onClick={() => setDialog('invite')}
            >
              <UserRoundPlus size={18} aria-hidden />
            </button>
          )}
        </header>
      )}
      <main className="stage-area" aria-label="People and screens" inert={compact && panel !== undefined}>
        <h1 className="visually-hidden" tabIndex={-1} ref={heading}>
          {room}
        </h1>
        <div className="stage-top">
          {state.recording && (
            <RecordingMark recording={state.recording} onClick={() => setDialog('recording')} />
          )}
          <Banners call={call} state={state}>
            {shares.keys.length > 1 && shares.focus && !pinnedThere && (
              <div className="share-tabs" role="group" aria-label="Shared screens">
                {shares.keys.map(({ key, label }) => (
                  <button
                    type="button"
                    key={key}
                    aria-pressed={key === shares.focus}
                    onClick={() => shares.pick(key)}
                  >
                    <MonitorUp size={15} aria-hidden />
                    {label}
                  </button>
                ))}
              </div>
            )}
          </Banners>
        </div>
        {told.shown && (
          <RecordingNotice
            key={told.shown.id}
            recording={told.shown}
            onAnswer={(agrees) => call.consentToRecording(agrees)}
            onLeave={() => call.leave()}
            onDone={told.done}
          />
        )}
        <Stage
          state={state}
          compact={compact}
          link={link}
          focus={focus}
          pinned={pinnedThere}
          onMute={state.isHost ? call.host.mute : undefined}
          onPin={setPinned}
          onShowPeople={() => setPanel('people')}
        />
        {panel !== 'people' && (
          <KnockCard
            knocks={knocking.knocks}
            host={call.host}
            onShow={() => setPanel('people')}
            onAside={knocking.putAside}
          />
        )}
        <ul className="notices" aria-hidden={notices.notices.every((notice) => !notice.problem)}>
          {notices.notices.map((notice) => (
            <li
              key={notice.id}
              className={notice.problem ? 'notice problem' : 'notice'}
              data-testid={notice.problem ? 'error' : undefined}
            >
              {notice.problem && <CircleAlert size={18} aria-hidden />}
              <span>{notice.text}</span>
              {notice.problem && (
                <button type="button" aria-label="Dismiss" onClick={() => notices.dismiss(notice.id)}>
                  <X size={16} aria-hidden />
                </button>
              )}
            </li>
          ))}
        </ul>
      </main>
      {panel === 'chat' && (
        <ChatPanel
          messages={state.messages}
          barrier={describeBarrier('chat', state.blocked)}
          onSend={(text) => call.sendChat(text)}
          onClose={closePanel}
        />
      )}
      {panel === 'people' && (
        <PeoplePanel
          state={state}
          host={call.host}
          link={link}
          pinned={pinnedThere}
          onPin={setPinned}
          onConfirm={setConfirmation}
          onClose={closePanel}
        />
      )}
      <Controls
        call={call}
        state={state}
        room={room}
        compact={compact}
        canInvite={link !== undefined}
        panel={panel}
        unread={unread}
        speakerView={focus !== undefined}
        onPanel={openPanel}
        onView={switchView}
        onDialog={setDialog}
        onEnd={() => setConfirmation({ act: 'end' })}
        onBarrier={notices.tell}
      />
      <div className="visually-hidden" role="status">
        {notices.said}
      </div>
      {dialog === 'settings' && (
        <SettingsDialog
          inUse={(kind) => call.deviceInUse(kind)}
          onDevice={(kind, id) =>
            void call
              .useDevice(kind, id)
              .catch((error: unknown) =>
                notices.tell(error instanceof Error ? error.message : 'This device could not be used.', true),
              )
          }
          onClose={() => setDialog(undefined)}
        />
      )}
      {dialog === 'help' && <HelpDialog onClose={() => setDialog(undefined)} />}
      {dialog === 'invite' && link !== undefined && (
        <InviteDialog link={link} onClose={() => setDialog(undefined)} />
      )}
      {dialog === 'host' && state.isHost && (
        <HostDialog
          call={call}
          state={state}
          onEnd={() => {
            setDialog(undefined)
            setConfirmation({ act: 'end' })
          }}
          onClose={() => setDialog(undefined)}
        />
      )}
      {dialog === 'record' && <StartRecordingDialog call={call} onClose={() => setDialog(undefined)} />}
      {dialog === 'recording' && state.recording && (
        <RecordingDialog
          call={call}
          state={state}
          recording={state.recording}
          onClose={() => setDialog(undefined)}
        />
      )}
      {confirmation && (
        <ConfirmAct call={call} confirmation={confirmation} onClose={() => setConfirmation(undefined)} />
      )}
      {asked.now && <AskedDialog key={asked.now.what} call={call} {...asked.now} onClose={asked.done} />}
    </div>
  )
}

function Banners({ call, state, children }: { call: Call; state: CallState; children: ReactNode }) {
  const { at } = state.phase
  return (
    <div className="banners">
      <div role="status" data-testid={at === 'reconnecting' ? 'connection-banner' : undefined}>
        {at === 'reconnecting' && (
          <p className="banner warn">
            <RefreshCw className="spin" size={17} aria-hidden />
            <span>{describeLoss(state.phase)}</span>
          </p>
        )}
      </div>
      {state.audioBlocked && (
        <p className="banner" role="alert">
          <VolumeX size={17} aria-hidden />
          <span>Your browser holds the sound back.</span>
          <button type="button" onClick={() => call.startAudio()}>
            Play sound
          </button>
        </p>
      )}
      {state.screen.on && (
        <p className="banner">
          <MonitorUp size={17} aria-hidden />
          <span>You are sharing your screen.</span>
          <button type="button" onClick={() => call.setScreen(false)}>
            Stop
          </button>
        </p>
      )}
      {children}
    </div>
  )
}

function describeLoss(phase: CallState['phase']): string {
  const waitsFor = phase.at === 'reconnecting' ? phase.waitsFor : undefined
  if (waitsFor === 'host') return 'You were away for a moment. Waiting for a host to be here…'
  if (waitsFor === 'lobby') return 'You were away for a moment. Waiting for a host to let you in again…'
  return 'The connection was lost. Reconnecting…'
}

const noKnocks: CallState['lobby'] = []

/** The tile that a host made large for everybody: what the person shows. To themselves nobody is large. */
function spotlightOf({ people, spotlight }: CallState): string | undefined {
  const person = people.find(({ id, local }) => id === spotlight && !local)
  return person && tileKey(person.id, person.screen ? 'screen' : 'camera')
}

type Asked = Extract<CallEvent, { type: 'asked' }>

/** What a host asked the own person for and was not answered yet; the last one counts. */
function useAsked(call: Call) {
  const [now, setNow] = useState<Asked>()
  useEffect(() => call.onEvent((event) => event.type === 'asked' && setNow(event)), [call])
  return { now, done: () => setNow(undefined) }
}

function keysOf(state: CallState): Set<string> {
  const keys = new Set<string>()
  for (const person of state.people) {
    keys.add(tileKey(person.id, 'camera'))
    if (person.screen) keys.add(tileKey(person.id, 'screen'))
  }
  return keys
}

/** Counts messages of others that came while the chat was closed. */
function useUnread(state: CallState, open: boolean, say: (text: string) => void): number {
  const count = state.messages.length
  const [seen, setSeen] = useState(count)
  if (open && seen !== count) setSeen(count)
  const last = useRef(count)
  useEffect(() => {
    const fresh = state.messages.slice(last.current).filter((message) => !message.local)
    last.current = count
    const newest = fresh.at(-1)
    if (newest && !open) say(`Message from ${newest.name}: ${newest.text.slice(0, 200)}`)
  }, [count, open, say, state.messages])
  return open ? 0 : state.messages.slice(seen).filter((message) => !message.local).length
}

/** Shared screens: the newest of the others is large, unless one was picked or the grid was asked for. */
function useShares(state: CallState) {
  const [picked, setPicked] = useState<string>()
  const [grid, setGrid] = useState(false)
  const [known, setKnown] = useState<readonly string[]>([])
  const sharing = state.people.filter((person) => person.screen)
  const now = sharing.map((person) => tileKey(person.id, 'screen'))
  // In order of their coming, so that the newest is known.
  const order = [...known.filter((key) => now.includes(key)), ...now.filter((key) => !known.includes(key))]
  if (order.length !== known.length || order.some((key, i) => key !== known[i])) {
    setKnown(order)
    if (order.some((key) => !known.includes(key))) {
      setPicked(undefined)
      setGrid(false)
    }
  }
  const own = sharing.find((person) => person.local)
  const ownKey = own && tileKey(own.id, 'screen')
  const newest = order.filter((key) => key !== ownKey).at(-1)
  const chosen = picked !== undefined && order.includes(picked) ? picked : newest
  const label = (key: string) => {
    const person = sharing.find((each) => tileKey(each.id, 'screen') === key)
    return person?.local ? 'Your screen' : (person?.name ?? '')
  }
  return {
    any: newest !== undefined,
    focus: grid ? undefined : chosen,
    keys: order.map((key) => ({ key, label: label(key) })),
    pick: setPicked,
    toggle: () => setGrid(!grid),
  }
}

const steadyFor = 1200

/** Who is large in the speaker view. Somebody who only coughs does not take the place. */
function useSteadySpeaker(state: CallState): string | undefined {
  const { dominant, people } = state
  const [steady, setSteady] = useState(dominant)
  useEffect(() => {
    if (dominant === undefined || dominant === steady) return
    const timer = window.setTimeout(() => setSteady(dominant), steadyFor)
    return () => window.clearTimeout(timer)
  }, [dominant, steady])
  const person =
    people.find((each) => each.id === steady && !each.local) ??
    people.find((each) => !each.local) ??
    people[0]
  return person && tileKey(person.id, 'camera')
}
