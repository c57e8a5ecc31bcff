import { Video, VideoOff, Mic, MicOff, MonitorUp, Pin, PinOff } from 'lucide-react'
import { useState } from 'react'
import { CopyLink } from '../ui/copy-link.tsx'
import { hueOf, initials } from '../ui/initials.ts'
import type { CallState, Person } from './call.ts'
import { SidePanel } from './panel.tsx'
import { QualityBars } from './quality-bars.tsx'
import { tileKey } from './tile.tsx'

interface PeoplePanelProps {
  readonly state: CallState
  readonly link: string
  readonly pinned: string | undefined
  readonly onPin: (key: string | undefined) => void
  readonly onClose: () => void
}

/** From so many people on a search field is worth its place. */
const searchFrom = 12

export function PeoplePanel({ state, link, pinned, onPin, onClose }: PeoplePanelProps) {
  const [search, setSearch] = useState('')
  const wanted = search.trim().toLocaleLowerCase()
  const shown = state.people.filter((person) => person.name.toLocaleLowerCase().includes(wanted))
  return (
    <SidePanel title={`People (${state.people.length})`} onClose={onClose}>
      <div className="people-tools">
        <CopyLink link={link} label="Copy" />
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
            pinned={pinned === tileKey(person.id, 'camera')}
            onPin={onPin}
          />
        ))}
        {shown.length === 0 && <li className="empty">Nobody by that name</li>}
      </ul>
    </SidePanel>
  )
}

interface RowProps {
  readonly person: Person
  readonly speaking: boolean
  readonly pinned: boolean
  readonly onPin: (key: string | undefined) => void
}

function Row({ person, speaking, pinned, onPin }: RowProps) {
  return (
    <li className="person" data-speaking={speaking}>
      <span className="avatar" aria-hidden style={{ '--hue': hueOf(person.name) }}>
        {initials(person.name)}
      </span>
      <span className="person-name">
        {person.name}
        {person.local && <span className="person-you"> (you)</span>}
      </span>
      {!person.local && <QualityBars quality={person.quality} />}
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
      <button
        type="button"
        className="icon-button"
        aria-label={pinned ? `Unpin ${person.name}` : `Pin ${person.name}`}
        title={pinned ? 'Unpin' : 'Pin'}
        onClick={() => onPin(pinned ? undefined : tileKey(person.id, 'camera'))}
      >
        {pinned ? <PinOff size={16} aria-hidden /> : <Pin size={16} aria-hidden />}
      </button>
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
