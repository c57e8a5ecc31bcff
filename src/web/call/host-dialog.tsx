import { useCallback, useEffect, useState } from 'react'
import type { RoomPolicy } from 'sluice-client'
import { Dialog } from '../ui/dialog.tsx'
import { CheckField, Segmented } from '../ui/fields.tsx'
import type { Banned, Call, CallState } from './call.ts'

interface HostDialogProps {
  readonly call: Call
  readonly state: CallState
  readonly onEnd: () => void
  readonly onClose: () => void
}

const who = [
  ['everyone', 'Everybody'],
  ['moderators', 'Hosts'],
] as const

/** What hosts decide about the room. */
export function HostDialog({ call, state, onEnd, onClose }: HostDialogProps) {
  const { people } = state
  const { host } = call
  const [policy, setPolicy] = useEagerPolicy(call, state.policy)
  const hands = people.filter((person) => person.hand !== undefined).length
  const may = (label: string, key: 'share' | 'chat' | 'unmute') => (
    <div className="host-row">
      <span aria-hidden>{label}</span>
      <Segmented
        label={`Who may: ${label.toLowerCase()}`}
        value={policy[key]}
        options={who}
        onChange={(value) => setPolicy({ [key]: value })}
      />
    </div>
  )
  return (
    <Dialog title="Host controls" onClose={onClose}>
      <section className="host-part" aria-labelledby="host-door">
        <h3 id="host-door">Who comes in</h3>
        <CheckField
          label="Lock the room"
          hint="Nobody new comes in. Who drops out can come back."
          checked={policy.locked}
          onChange={(locked) => setPolicy({ locked })}
        />
        <CheckField
          label="Waiting room"
          hint="Whoever comes waits until a host lets them in."
          checked={policy.lobby}
          onChange={(lobby) => setPolicy({ lobby })}
        />
        <CheckField
          label="Not without a host"
          hint="Whoever comes waits until a host is here."
          checked={policy.waitForHost}
          onChange={(waitForHost) => setPolicy({ waitForHost })}
        />
      </section>
      <section className="host-part" aria-labelledby="host-may">
        <h3 id="host-may">Who may</h3>
        {may('Share a screen', 'share')}
        {may('Write in the chat', 'chat')}
        {may('Unmute', 'unmute')}
      </section>
      <KeptOut call={call} />
      <div className="form-actions">
        <button type="button" className="button" data-testid="mute-all" onClick={host.muteAll}>
          Mute everybody
        </button>
        {hands > 0 && (
          <button type="button" className="button" onClick={host.lowerAllHands}>
            Lower all hands ({hands})
          </button>
        )}
        <button type="button" className="button danger" onClick={onEnd}>
          End for everybody…
        </button>
      </div>
    </Dialog>
  )
}

/** Shows what was chosen at once, and what holds when the server has answered. */
function useEagerPolicy(call: Call, policy: RoomPolicy) {
  const [wanted, setWanted] = useState<Partial<RoomPolicy>>({})
  const change = (to: Partial<RoomPolicy>) => {
    setWanted((before) => ({ ...before, ...to }))
    void call.host.setPolicy(to).then(() => setWanted((before) => without(before, to)))
  }
  return [{ ...policy, ...wanted }, change] as const
}

function without(wanted: Partial<RoomPolicy>, done: Partial<RoomPolicy>): Partial<RoomPolicy> {
  return Object.fromEntries(
    Object.entries(wanted).filter(([key, value]) => done[key as keyof RoomPolicy] !== value),
  )
}

/** Nothing while nobody is kept out. */
function KeptOut({ call }: { call: Call }) {
  const [banned, setBanned] = useState<readonly Banned[]>([])
  const load = useCallback(() => void call.host.banned().then(setBanned), [call])
  useEffect(load, [load])
  if (banned.length === 0) return null
  return (
    <section className="host-part" aria-labelledby="host-out">
      <h3 id="host-out">Kept out</h3>
      <ul>
        {banned.map(({ id, name }) => (
          <li key={id} className="host-row">
            <span>{name}</span>
            <button
              type="button"
              className="button small"
              aria-label={`Let back in: ${name}`}
              onClick={() => void call.host.unban(id).then(load)}
            >
              Let back in
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
