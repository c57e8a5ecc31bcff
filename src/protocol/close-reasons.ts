/**
 * Why a session ends, as its client is told: the text of the WebSocket close frame and `room.closed`. The close code says
 * whether to come back: 4000 is final (protoo-client stops there), 4001 asks to connect again.
 */

interface ReasonFacts {
  readonly reconnect: boolean
  readonly about: string
}

export const closeReasons = {
  left: { reconnect: false, about: 'The client asked to leave.' },
  replaced: { reconnect: false, about: 'The same peer connected again; the newer connection stays.' },
  refused: {
    reconnect: false,
    about: 'The client was not let in; the answer to its first request says why.',
  },
  denied: { reconnect: false, about: 'A moderator did not let the client in.' },
  removed: { reconnect: false, about: 'A moderator removed the client from the room.' },
  banned: { reconnect: false, about: 'A moderator removed the client and does not let it in again.' },
  ended: { reconnect: false, about: 'A moderator or the application ended the room for everybody.' },
  'room-closed': { reconnect: false, about: 'The room was closed.' },
  'join-timeout': {
    reconnect: false,
    about: 'The client did not send `join` in time (`rooms.joinSeconds`).',
  },
  'too-many-errors': {
    reconnect: false,
    about: 'The client kept sending far more than its rate limit allows.',
  },
  'slow-reader': {
    reconnect: true,
    about:
      'The client did not read what it was sent (`limits.bufferedBytes`). Its socket is cut, so it sees code 1006.',
  },
  'connection-lost': {
    reconnect: true,
    about: 'The socket closed, or stopped answering pings and was cut (code 1006).',
  },
  'media-lost': {
    reconnect: true,
    about: 'ICE of a transport was lost for `media.iceConsentSeconds`, or DTLS failed.',
  },
  'worker-died': {
    reconnect: true,
    about: 'The media worker of the room ended. A new connection gets a new room on a working one.',
  },
  'server-closing': { reconnect: true, about: 'The server is being stopped or restarted.' },
} as const satisfies Record<string, ReasonFacts>

export type CloseReason = keyof typeof closeReasons

export const closeCodes = { final: 4000, reconnect: 4001 } as const

export function closeCodeFor(reason: CloseReason): number {
  return closeReasons[reason].reconnect ? closeCodes.reconnect : closeCodes.final
}
