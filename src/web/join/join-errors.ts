/** What to say when a room cannot be entered. `code` and `data` are those of the SDK's errors. */

export interface JoinProblem {
  readonly title: string
  readonly text: string
}

type Refusal = 'denied' | 'removed' | 'banned' | 'ended'

/** When trying again at once makes no sense: how it ended before it began, and what the host said. */
export function endingOf(thrown: unknown): { readonly why: Refusal; readonly detail?: string } | undefined {
  const { code, data } = partsOf(thrown)
  const why = code === 'session-ended' ? data['reason'] : code
  if (why !== 'denied' && why !== 'removed' && why !== 'banned' && why !== 'ended') return undefined
  const { message } = data
  return typeof message === 'string' ? { why, detail: `“${message}”` } : { why }
}

function partsOf(thrown: unknown): { code: string; data: Readonly<Record<string, unknown>> } {
  const error = typeof thrown === 'object' && thrown !== null ? thrown : {}
  const data = 'data' in error && typeof error.data === 'object' && error.data !== null ? error.data : {}
  return { code: 'code' in error ? String(error.code) : '', data: { ...data } }
}

export function explainJoinError(thrown: unknown): JoinProblem {
  const { code, data } = partsOf(thrown)
  const reason = String(data['reason'] ?? '')
  const limit = String(data['limit'] ?? '')
  switch (code === 'session-ended' ? reason : code) {
    case 'limit-exceeded':
      if (limit === 'peersPerRoom')
        return { title: 'This room is full.', text: 'Try again when somebody has left.' }
      if (limit === 'lobbySize')
        return { title: 'Too many people wait to come in.', text: 'Try again in a few minutes.' }
      if (limit === 'nameLength') return { title: 'This name is too long.', text: 'Use a shorter one.' }
      if (limit === 'connectionsPerAddress') {
        return { title: 'Too many connections from your network.', text: 'Close other tabs of this app.' }
      }
      return { title: 'The server is full.', text: 'Try again in a few minutes.' }
    case 'unauthorized':
      return {
        title: 'This room needs an invitation.',
        text: 'Ask whoever invited you for a new link. If the server is yours: its setting rooms.guests lets guests in.',
      }
    case 'forbidden':
      return { title: 'You may not enter this room.', text: 'Ask whoever runs it to let you in.' }
    case 'server-unreachable':
      return { title: 'The server cannot be reached.', text: 'Look at your network, or wait a moment.' }
    case 'unavailable':
    case 'server-closing':
    case 'worker-died':
      return {
        title: 'The server cannot take this call now.',
        text: 'It is busy or restarting. Wait a few seconds.',
      }
    case 'timeout':
    case 'join-timeout':
    case 'connection-lost':
    case 'media-lost':
      return { title: 'That took too long.', text: 'The server or your network is slow just now.' }
    case 'unsupported-browser':
      return {
        title: 'This browser cannot take part.',
        text: 'It lacks WebRTC. Use a current Chrome, Edge, Firefox or Safari.',
      }
    case 'rate-limited':
      return { title: 'Too many tries.', text: 'Wait a moment before the next one.' }
    case 'room-closed':
      return { title: 'The room was just closed.', text: 'Try again to open it anew.' }
    case 'bad-request':
    case 'invalid-argument':
      return { title: 'The server does not accept this room or name.', text: 'Another name may work.' }
    case 'room-locked':
      return {
        title: 'This room is locked.',
        text: 'Nobody new is let in. Ask somebody inside to unlock it.',
      }
    case 'peer-id-taken':
      return { title: 'You are in this room already.', text: 'Close the other tab or wait a moment.' }
    default:
      // Each browser words this differently; a part of the app could not be loaded, most likely because there is a newer one.
      if (thrown instanceof TypeError && /module|import/i.test(thrown.message)) {
        return { title: 'A part of the app could not be loaded.', text: 'Load this page again.' }
      }
      return { title: 'This did not work.', text: thrown instanceof Error ? thrown.message : 'Try again.' }
  }
}
