import { Crown, Hand, Mic, MicOff, MonitorUp, Pin, PinOff, Sparkles, Video, VideoOff } from 'lucide-react'
import { useState } from 'react'
import { CopyLink } from '../ui/copy-link.tsx'
import { hueOf, initials } from '../ui/initials.ts'
import type { CallState, HostActions, Person } from './call.ts'
import type { Confirmation } from './confirm-act.tsx'
import { LobbyList } from './lobby-list.tsx'
import { SidePanel } from './panel.tsx'
import { PersonMenu } from './person-menu.tsx'
import { QualityBars } from './quality-bars.tsx'
import { tileKey } from './tile.tsx'

interface PeoplePanelProps {
  readonly state: CallState
  readonly host: HostActions
  readonly link: string | undefined
  readonly pinned: string | undefined
  readonly onPin: (key: string | undefined) => void
  readonly onConfirm: (confirmation: Confirmation) => void
  readonly onClose: () => void
}

/** From so many people on a search field is worth its place. */
const searchFrom = 12

export function PeoplePanel(props: PeoplePanelProps) {
  const { state, host, link, pinned, onPin, onConfirm, onClose } = props
  const [search, setSearch] = useState('')
  const wanted = search.trim().toLocaleLowerCase()
  const shown = handsFirst(state.people).filter((person) => person.name.toLocaleLowerCase().includes(wanted))
  const others = state.people.length > 1
  return (
    <SidePanel title={`People (${state.people.length})`} onClose={onClose}>
      {state.isHost && state.lobby.length > 0 && <LobbyList lobby={state.lobby} host={host} />}
      <div className="people-tools">
        {link !== undefined && <CopyLink link={link} label="Copy" />}
        {state.isHost && others && (
          <div className="people-acts">
            <button type="button" className="button small" onClick={host.muteAll}>
              <MicOff size={16} aria-hidden />
              Mute all
            </button>
            {state.people.some((person) => person.hand !== undefined) && (
              <button type="button" className="button small" onClick={host.lowerAllHands}>
                <Hand size={16} aria-hidden />
                Lower hands
              </button>
            )}
          </div>
        )}
        {state.people.length >= searchFrom && (
          <input
            type="search"
            className="input"
            placeholder="Find somebody"
            aria-label="Find somebody"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
        )}
      </div>
      <ul className="people" tabIndex={0} aria-label="People in this room">
        {shown.map((person) => (
          <Row
            key={person.id}
            person={person}
            speaking={state.speaking.has(person.id)}
            spotlit={state.spotlight === person.id}
            pinned={pinned === tileKey(person.id, 'camera')}
            host={state.isHost ? host : undefined}
            onPin={onPin}
            onConfirm={onConfirm}
          />
        ))}
        {shown.length === 0 && <li className="empty">Nobody by that name</li>}
      </ul>
    </SidePanel>
  )
}

/** Raised hands on top, in their order; the rest as they came. */
function handsFirst(people: readonly Person[]): Person[] {
  const place = ({ hand }: Person) => hand ?? Infinity
  return [...people].sort((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)))
}

interface RowProps {
  readonly person: Person
  readonly speaking: boolean
  readonly spotlit: boolean
  readonly pinned: boolean
  /** What the own person can do with this one, if it is host. */
  readonly host: HostActions | undefined
  readonly onPin: (key: string | undefined) => void
  readonly onConfirm: (confirmation: Confirmation) => void
}

function Row({ person, speaking, spotlit, pinned, host, onPin, onConfirm }: RowProps) {
  const pin = () => onPin(pinned ? undefined : tileKey(person.id, 'camera'))
  return (
    <li className="person" data-testid="person" data-speaking={speaking}>
      <span className="avatar" aria-hidden style={{ '--hue': hueOf(person.name) }}>
        {initials(person.name)}
      </span>
      <span className="person-name">
        {person.name}
        {person.local && <span className="person-you"> (you)</span>}
        {(person.isHost || spotlit) && (
          <span className="person-sub">
            {person.isHost && <Crown size={13} aria-hidden />}
            {person.isHost && 'Host'}
            {person.isHost && spotlit && ' · '}
            {spotlit && <Sparkles size={13} aria-hidden />}
            {spotlit && 'In the spotlight'}
          </span>
        )}
      </span>
      {person.hand !== undefined && (
        <span className="hand-mark">
          <Hand size={15} aria-hidden />
          <span className="visually-hidden">hand raised, number </span>
          {person.hand}
        </span>
      )}
      {!person.local && person.quality !== 'excellent' && <QualityBars quality={person.quality} />}
      {person.screen && <State icon={<MonitorUp size={17} />} text="sharing a screen" />}
      {person.camera ? (
        <State icon={<Video size={17} />} text="camera on" />
      ) : (
        <State icon={<VideoOff size={17} />} text="camera off" off />
      )}
      {person.microphone === 'on' ? (
        <State icon={<Mic size={17} />} text={speaking ? 'speaking' : 'microphone on'} />
      ) : (
        <State
          icon={<MicOff size={17} />}
          text={person.microphone === 'muted' ? 'muted' : 'no microphone'}
          off
        />
      )}
      {host ? (
        <PersonMenu
          person={person}
          host={host}
          inSpotlight={spotlit}
          pinned={pinned}
          onPin={pin}
          onConfirm={onConfirm}
        />
      ) : (
        <button
          type="button"
          className="icon-button"
          aria-label={pinned ? `Unpin ${person.name}` : `Pin ${person.name}`}
          title={pinned ? 'Unpin' : 'Pin'}
          onClick={pin}
        >
          {pinned ? <PinOff size={16} aria-hidden /> : <Pin size={16} aria-hidden />}
        </button>
      )}
    </li>
  )
}

function State({ icon, text, off = false }: { icon: React.ReactNode; text: string; off?: boolean }) {
  return (
    <span className={`person-state ${off ? 'off' : ''}`} title={text}>
      <span aria-hidden>{icon}</span>
      <span className="visually-hidden">{text}</span>
    </span>
  )
}
