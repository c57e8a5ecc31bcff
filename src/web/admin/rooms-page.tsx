import {
  ChevronDown,
  ChevronUp,
  DoorOpen,
  Hand,
  Lock,
  Mic,
  MicOff,
  MonitorUp,
  RefreshCw,
  UserMinus,
  Video,
  VideoOff,
} from 'lucide-react'
import { useState } from 'react'
import { api, path } from '../api/client.ts'
import { explain, isApiError } from '../api/errors.ts'
import type { LiveParticipant, LiveRoom, LiveTrack } from '../api/types.ts'
import { useAction, usePages } from '../api/use-query.ts'
import { Avatar } from '../ui/avatar.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { Chip, EmptyState, toast } from '../ui/feedback.tsx'
import { CheckField } from '../ui/fields.tsx'
import { Section } from '../ui/frame.tsx'
import { ListState } from '../ui/table.tsx'
import { formatDateTime, formatDuration } from '../ui/time.ts'
import { AdminFrame } from './admin-frame.tsx'

/** Milliseconds between two looks at what goes on. */
const lookEvery = 5000
/** Rooms whose people are shown without being asked for: each is one more request with each look. */
const openAtFirst = 5

export function RoomsPage() {
  const rooms = usePages<LiveRoom>('/rooms', { every: lookEvery })
  const [ending, setEnding] = useState<LiveRoom>()
  return (
    <AdminFrame
      actions={
        <button type="button" className="button" onClick={() => void rooms.reload()}>
          <RefreshCw size={18} aria-hidden />
          Look again
        </button>
      }
    >
      <ListState
        list={rooms}
        empty={
          <EmptyState icon={<DoorOpen size={24} aria-hidden />} title="No room is open">
            Rooms appear here while somebody is in them.
          </EmptyState>
        }
      >
        {rooms.items?.map((room, i) => (
          <RoomSection
            key={`${room.roomId} ${room.createdAt}`}
            room={room}
            startsOpen={i < openAtFirst}
            onEnd={() => setEnding(room)}
          />
        ))}
      </ListState>
      {ending && (
        <ConfirmDialog
          title="End this room?"
          confirm="End it for everybody"
          danger
          onClose={() => setEnding(undefined)}
          onConfirm={async () => {
            await api.delete(path`/rooms/${ending.roomId}`)
            rooms.change((items) => items.filter(({ roomId }) => roomId !== ending.roomId))
            toast('The room is ended')
          }}
        >
          <p>
            {ending.peerCount === 1 ? 'The person' : `The ${ending.peerCount} people`} in {ending.roomId} will
            be told that it was ended.
          </p>
        </ConfirmDialog>
      )}
    </AdminFrame>
  )
}

interface RoomSectionProps {
  readonly room: LiveRoom
  readonly startsOpen: boolean
  readonly onEnd: () => void
}

function RoomSection({ room, startsOpen, onEnd }: RoomSectionProps) {
  const [open, setOpen] = useState(startsOpen)
  const { metadata } = room
  const at = path`/rooms/${room.roomId}/participants`
  const people = usePages<LiveParticipant>(open ? at : undefined, { every: lookEvery })
  const [removing, setRemoving] = useState<LiveParticipant>()
  const [minutes] = useState(() => (Date.now() - Date.parse(room.createdAt)) / 1000)
  // It ended between two looks: the list of rooms will say so.
  if (isApiError(people.error, 'not-found')) return null
  return (
    <Section
      title={typeof metadata['title'] === 'string' ? metadata['title'] : room.roomId}
      lead={
        <>
          {typeof metadata['title'] === 'string' && <>{room.roomId}: </>}
          {room.peerCount === 1 ? '1 person' : `${room.peerCount} people`}, for{' '}
          <time dateTime={room.createdAt} title={formatDateTime(room.createdAt)}>
            {formatDuration(minutes)}
          </time>
        </>
      }
      actions={
        <div className="form-actions">
          {room.policy.locked && (
            <Chip>
              <Lock size={13} aria-hidden /> Locked
            </Chip>
          )}
          {room.waiting > 0 && <Chip kind="warning">{room.waiting} waiting</Chip>}
          <button
            type="button"
            className="button small"
            aria-expanded={open}
            aria-label={`People in ${room.roomId}`}
            onClick={() => setOpen(!open)}
          >
            People
            {open ? <ChevronUp size={16} aria-hidden /> : <ChevronDown size={16} aria-hidden />}
          </button>
          <button type="button" className="button small" onClick={onEnd} aria-label={`End ${room.roomId}`}>
            End
          </button>
        </div>
      }
      testId="live-room"
    >
      {open && (
        <ListState list={people} lines={2} empty={<p className="soft">Nobody is in it right now.</p>}>
          <ul className="live-people">
            {people.items?.map((person) => (
              <Person
                key={person.peerId}
                room={room.roomId}
                person={person}
                onRemove={() => setRemoving(person)}
                onChanged={() => void people.reload()}
              />
            ))}
          </ul>
        </ListState>
      )}
      {removing && (
        <RemoveDialog
          room={room.roomId}
          person={removing}
          onRemoved={() => people.change((items) => items.filter(({ peerId }) => peerId !== removing.peerId))}
          onClose={() => setRemoving(undefined)}
        />
      )}
    </Section>
  )
}

interface PersonProps {
  readonly room: string
  readonly person: LiveParticipant
  readonly onRemove: () => void
  readonly onChanged: () => void
}

function Person({ room, person, onRemove, onChanged }: PersonProps) {
  const { peerId, displayName, proven, grants, handRaisedAt, tracks } = person
  const microphone = tracks.find(({ source }) => source === 'microphone')
  const camera = tracks.find(({ source }) => source === 'camera')
  const mute = useAction(async (track: LiveTrack) => {
    try {
      await api.put(path`/rooms/${room}/participants/${peerId}/tracks/${track.producerId}`, { muted: true })
      toast(`${displayName} is muted`)
    } catch (thrown) {
      toast(explain(thrown), { problem: true })
    }
    onChanged()
  })
  const speaks = microphone !== undefined && !microphone.paused
  return (
    <li>
      <Avatar name={displayName} id={peerId} />
      <div className="live-name">
        <span>{displayName}</span>
        <span className="soft">
          {[proven ? peerId : 'guest', grants.moderate && 'moderates', grants.hidden && 'hidden']
            .filter(Boolean)
            .join(', ')}
        </span>
      </div>
      <div className="live-state">
        {handRaisedAt !== undefined && <Hand size={18} role="img" aria-label="Hand raised" />}
        {tracks.some(({ source }) => source === 'screen') && (
          <MonitorUp size={18} role="img" aria-label="Shares a screen" />
        )}
        {camera && !camera.paused ? (
          <Video size={18} role="img" aria-label="Camera on" />
        ) : (
          <VideoOff className="is-off" size={18} role="img" aria-label="Camera off" />
        )}
        {speaks ? (
          <Mic size={18} role="img" aria-label="Microphone on" />
        ) : (
          <MicOff className="is-off" size={18} role="img" aria-label="Microphone off" />
        )}
      </div>
      {microphone && speaks && (
        <button
          type="button"
          className="button small"
          aria-label={`Mute ${displayName}`}
          title="Mute"
          aria-disabled={mute.busy}
          onClick={() => void mute.run(microphone)}
        >
          <MicOff size={16} aria-hidden />
          <span>Mute</span>
        </button>
      )}
      <button
        type="button"
        className="button small"
        aria-label={`Remove ${displayName}`}
        title="Remove"
        onClick={onRemove}
      >
        <UserMinus size={16} aria-hidden />
        <span>Remove</span>
      </button>
    </li>
  )
}

interface RemoveDialogProps {
  readonly room: string
  readonly person: LiveParticipant
  readonly onRemoved: () => void
  readonly onClose: () => void
}

function RemoveDialog({ room, person, onRemoved, onClose }: RemoveDialogProps) {
  const [ban, setBan] = useState(false)
  return (
    <ConfirmDialog
      title={`Remove ${person.displayName}?`}
      confirm="Remove"
      danger
      onClose={onClose}
      onConfirm={async () => {
        await api.delete(path`/rooms/${room}/participants/${person.peerId}`, {
          query: { ban: ban ? true : undefined },
        })
        onRemoved()
        toast(`${person.displayName} is removed`)
      }}
    >
      <p>They are told that they were removed.</p>
      <CheckField
        label="Do not let them in again"
        hint="For as long as this room is open."
        checked={ban}
        onChange={setBan}
      />
    </ConfirmDialog>
  )
}
