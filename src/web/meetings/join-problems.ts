import { explain, isApiError } from '../api/errors.ts'
import { momentWords, ownZone } from './when.ts'
import { explainJoinError, type JoinProblem } from '../join/join-errors.ts'

/** What to say when a meeting cannot be entered: the server's answer to joining, or the room's. */
export function explainMeetingError(thrown: unknown): JoinProblem {
  if (!isApiError(thrown)) return explainJoinError(thrown)
  const why = String(thrown.data['why'] ?? '')
  if (thrown.code === 'not-found') {
    return { title: 'There is no such meeting any more.', text: 'Ask whoever invited you for a new link.' }
  }
  switch (why) {
    case 'wrong-passcode':
      return { title: 'This passcode is not right.', text: 'Look into the invitation, or ask the host.' }
    case 'passcode-needed':
      return { title: 'This meeting has a passcode.', text: 'It stands in the invitation.' }
    case 'ended':
      return { title: 'The meeting has ended.', text: '' }
    case 'cancelled':
      return { title: 'The meeting was cancelled.', text: '' }
    case 'too-early':
      return { title: 'It is too early.', text: opensWords(thrown.data['opensAt']) }
    default:
      return thrown.code === 'rate-limited'
        ? { title: 'Too many tries.', text: explain(thrown) }
        : { title: 'This did not work.', text: explain(thrown) }
  }
}

function opensWords(opensAt: unknown): string {
  const at = new Date(String(opensAt))
  if (Number.isNaN(at.getTime())) return 'Come back shortly before it starts.'
  return `You may come in from ${momentWords(at, { zone: ownZone() })} on.`
}

/** Whether asking for the passcode is what helps. */
export function asksForPasscode(thrown: unknown): boolean {
  const why = isApiError(thrown) ? thrown.data['why'] : undefined
  return why === 'passcode-needed' || why === 'wrong-passcode'
}
