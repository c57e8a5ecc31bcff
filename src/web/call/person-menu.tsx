import {
  Ban,
  Crown,
  Hand,
  Handshake,
  Mic,
  MicOff,
  MonitorX,
  Pin,
  PinOff,
  Sparkles,
  UserRoundX,
  Video,
  VideoOff,
} from 'lucide-react'
import type { ReactNode } from 'react'
import type { HostActions, Person } from './call.ts'
import type { Confirmation } from './confirm-act.tsx'
import { PopupMenu } from './popup-menu.tsx'

interface PersonMenuProps {
  readonly person: Person
  readonly host: HostActions
  readonly inSpotlight: boolean
  readonly pinned: boolean
  readonly onPin: () => void
  /** Asks once more before what hurts. */
  readonly onConfirm: (confirmation: Confirmation) => void
}

/** What a host can do with somebody. */
export function PersonMenu({ person, host, inSpotlight, pinned, onPin, onConfirm }: PersonMenuProps) {
  const { id, name, local } = person
  return (
    <PopupMenu label={`More about ${name}`} testId="person-menu">
      {(close) => {
        const item = (icon: ReactNode, text: string, run: () => void, className = '') => (
          <button
            type="button"
            className={`menu-item ${className}`}
            onClick={() => {
              close()
              run()
            }}
          >
            {icon}
            <span>{text}</span>
          </button>
        )
        const icon = { size: 18, 'aria-hidden': true } as const
        return (
          <>
            {item(pinned ? <PinOff {...icon} /> : <Pin {...icon} />, pinned ? 'Unpin' : 'Pin for me', onPin)}
            {inSpotlight
              ? item(<Sparkles {...icon} />, 'End the spotlight', () => host.spotlight(undefined))
              : item(<Sparkles {...icon} />, 'Spotlight for everybody', () => host.spotlight(id))}
            {person.hand !== undefined && item(<Hand {...icon} />, 'Lower hand', () => host.lowerHand(id))}
            {!local && (
              <>
                <hr />
                {person.microphone === 'on'
                  ? item(<MicOff {...icon} />, 'Mute', () => host.mute(id))
                  : item(<Mic {...icon} />, 'Ask to unmute', () => host.askFor(id, 'microphone'))}
                {person.camera
                  ? item(<VideoOff {...icon} />, 'Turn camera off', () => host.stop(id, 'camera'))
                  : item(<Video {...icon} />, 'Ask for camera', () => host.askFor(id, 'camera'))}
                {person.screen &&
                  item(<MonitorX {...icon} />, 'Stop screen share', () => host.stop(id, 'screen'))}
                <hr />
                {person.isHost
                  ? item(<Crown {...icon} />, 'Take host role away', () => host.setHost(id, false))
                  : item(<Crown {...icon} />, 'Make host', () => host.setHost(id, true))}
                {item(<Handshake {...icon} />, 'Hand over to them…', () =>
                  onConfirm({ act: 'hand-over', person }),
                )}
                <hr />
                {item(
                  <UserRoundX {...icon} />,
                  'Remove…',
                  () => onConfirm({ act: 'remove', person }),
                  'danger',
                )}
                {item(
                  <Ban {...icon} />,
                  'Remove and keep out…',
                  () => onConfirm({ act: 'ban', person }),
                  'danger',
                )}
              </>
            )}
          </>
        )
      }}
    </PopupMenu>
  )
}
