import { X } from 'lucide-react'
import { Avatar } from '../ui/avatar.tsx'
import { formatDuration } from '../ui/time.ts'
import { useNow } from '../ui/use-now.ts'
import type { HostActions, Knock } from './call.ts'

interface LobbyListProps {
  readonly lobby: readonly Knock[]
  readonly host: HostActions
}

/** Who waits at the door, with the two answers. */
export function LobbyList({ lobby, host }: LobbyListProps) {
  const now = useNow(20_000).getTime()
  return (
    <section className="lobby" aria-label="Waiting to come in" data-testid="lobby">
      <header>
        <h3>Waiting ({lobby.length})</h3>
        {lobby.length > 1 && (
          <button
            type="button"
            className="button small primary"
            data-testid="admit-all"
            onClick={host.admitAll}
          >
            Admit all
          </button>
        )}
      </header>
      <ul>
        {lobby.map(({ id, name, since }) => (
          <li key={id} className="person">
            <Avatar name={name} id={name} size={34} />
            <span className="person-name">
              {name}
              <span className="person-sub">{describeWait((now - since) / 1000)}</span>
            </span>
            <button
              type="button"
              className="button small"
              aria-label={`Admit ${name}`}
              data-testid="admit"
              onClick={() => host.admit(id)}
            >
              Admit
            </button>
            <button
              type="button"
              className="icon-button"
              aria-label={`Send ${name} away`}
              title="Send away"
              data-testid="deny"
              onClick={() => host.deny(id)}
            >
              <X size={18} aria-hidden />
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function describeWait(seconds: number): string {
  return seconds < 60 ? 'just now' : `for ${formatDuration(seconds)}`
}
