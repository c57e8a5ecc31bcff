import type { Call } from '../api/types.ts'

/** What a call was, for one of those in it. */

type Told = Pick<Call, 'caller' | 'callees' | 'status' | 'type' | 'answeredAt'>

/** The others: “Ben”, “Ben and Carl”, “Ben, Carl and 3 more”. */
export function withWhom(
  { caller, callees }: Pick<Call, 'caller' | 'callees'>,
  me: string | undefined,
): string {
  const others = [...(caller.id === me ? [] : [caller]), ...callees.filter(({ id }) => id !== me)]
  return namesInWords(others.map(({ name }) => name))
}

export function namesInWords(names: readonly string[]): string {
  if (names.length === 0) return 'nobody'
  const shown = names.length > 3 ? [...names.slice(0, 2), `${names.length - 2} more`] : names
  return new Intl.ListFormat('en-GB', { type: 'conjunction' }).format(shown)
}

/** “Outgoing, no answer”; “Missed”; “Incoming”. */
export function howItWent(call: Told, me: string | undefined): { text: string; missed: boolean } {
  const outgoing = call.caller.id === me
  const mine = call.callees.find(({ id }) => id === me)?.status
  if (call.status === 'waiting') return { text: outgoing ? 'Ringing' : 'Calling you', missed: false }
  if (call.status === 'active') return { text: 'Going on', missed: false }
  if (outgoing) {
    if (call.answeredAt !== undefined) return { text: 'Outgoing', missed: false }
    if (call.status === 'cancelled') return { text: 'Outgoing, cancelled', missed: false }
    const declined = call.callees.length > 0 && call.callees.every(({ status }) => status === 'declined')
    return { text: declined ? 'Outgoing, declined' : 'Outgoing, no answer', missed: false }
  }
  if (mine === 'declined') return { text: 'Declined', missed: false }
  return mine === 'joined' ? { text: 'Incoming', missed: false } : { text: 'Missed', missed: true }
}

export const callTypeNames: Record<Call['type'], string> = {
  audio: 'Audio call',
  video: 'Video call',
  screen: 'Screen sharing',
}

/** What the caller should know while they wait, and when nobody came; undefined when there is nothing to say. */
export function progressOf(
  { caller, callees, status }: Pick<Call, 'caller' | 'callees' | 'status'>,
  me: string | undefined,
): { text: string; ringing: boolean } | undefined {
  if (caller.id !== me || status === 'ended' || status === 'cancelled') return undefined
  const names = (wanted: Call['callees'][number]['status']) =>
    callees.filter((each) => each.status === wanted).map(({ name }) => name)
  const [ringing, declined, missed] = [names('ringing'), names('declined'), names('missed')]
  if (ringing.length > 0) return { text: `Calling ${namesInWords(ringing)}…`, ringing: true }
  if (callees.some((each) => each.status === 'joined')) return undefined
  const said = [
    ...(declined.length > 0 ? [`${namesInWords(declined)} declined`] : []),
    ...(missed.length > 0 ? [`${namesInWords(missed)} did not answer`] : []),
  ]
  return said.length > 0 ? { text: said.join(', '), ringing: false } : undefined
}
