import type { CallRecording, RecordingHealth } from './call.ts'

/** Sentences about the recording of a call, for those in it. Pure. */

const refusals: Readonly<Record<string, string>> = {
  capacity:
    'This server records as much as it can already. Wait until another recording has ended, then try again.',
  disk: 'The disk of the server is nearly full, so nothing new is recorded. Tell whoever runs it.',
  'no-recorder':
    'The part of the server that records did not start. Try again; if it stays so, tell whoever runs it.',
  disabled: 'Recording is switched off on this server.',
  policy: 'This meeting is not to be recorded: its settings say so. Change them in the form of the meeting.',
}

/** Why a recording did not begin, and what can be done. */
export function describeRefusal(error: unknown): string {
  const { code, data } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: string
    data?: Readonly<Record<string, unknown>>
  }
  const why = refusals[String(data?.['why'])]
  if (why !== undefined) return why
  if (code === 'forbidden') return 'Only hosts may record here.'
  return error instanceof Error ? error.message : 'The recording could not begin. Try again.'
}

/** What somebody is told when a recording is over. Undefined where the call itself is over, too. */
export function describeEnd(
  reason: string | undefined,
  { mayRecord }: { mayRecord: boolean },
): string | undefined {
  switch (reason) {
    case 'disk-full':
      return 'The recording ended: the disk of the server is full. What was recorded until now is kept.'
    case 'disk-error':
      return 'The recording ended: the disk of the server failed. What was recorded until now is kept where it can be read.'
    case 'recorder-died':
      return 'The recording broke off. What was recorded until now is kept.'
    case 'too-long':
      return 'The recording ended: it had become as long as this server allows.'
    case 'room-closed':
      return undefined
    default:
      return mayRecord
        ? 'The recording has ended. Its video is being made: look under Recordings.'
        : 'The recording has ended.'
  }
}

/** Whether an end is one that nobody wanted. */
export function isBadEnd(reason: string | undefined): boolean {
  return reason === 'disk-full' || reason === 'disk-error' || reason === 'recorder-died'
}

/** Percent of packets that may be missing before it is worth a word; less is not heard or seen. */
const worthAWord = 0.5
/** Free space below which hosts are warned, in bytes. */
const littleSpace = 2_000_000_000

export interface HealthLine {
  readonly text: string
  readonly bad: boolean
}

/** How the recording goes, for hosts. */
export function describeHealth(health: RecordingHealth): HealthLine[] {
  const { tracks, failedTracks, packets, lostPackets, freeBytes, warnings } = health
  const percent = packets + lostPackets === 0 ? 0 : (lostPackets / (packets + lostPackets)) * 100
  const lines: HealthLine[] = [
    {
      text:
        tracks === 0
          ? 'Nothing arrives: nobody has a microphone or camera on.'
          : `${tracks} ${tracks === 1 ? 'stream is' : 'streams are'} being recorded.`,
      bad: false,
    },
  ]
  if (percent < worthAWord) lines.push({ text: 'Everything that is sent arrives.', bad: false })
  else {
    lines.push({
      text: `${percent.toFixed(1)} % of what is sent does not arrive. Somebody’s connection is bad; the recording has holes there.`,
      bad: true,
    })
  }
  if (failedTracks > 0) {
    const what = failedTracks === 1 ? 'One stream' : `${failedTracks} streams`
    lines.push({
      text: `${what} cannot be recorded. Turning that camera or microphone off and on may help.`,
      bad: true,
    })
  }
  if (warnings.includes('cpu')) {
    lines.push({ text: 'The server is busy: the recording may have holes.', bad: true })
  }
  if (warnings.includes('no-media')) {
    lines.push({ text: 'Nobody can be heard or seen for the moment; the recording waits.', bad: true })
  }
  if (freeBytes < littleSpace) {
    const gigabytes = (freeBytes / 1_000_000_000).toFixed(1)
    lines.push({
      text: `Little space is left on the disk of the server (${gigabytes} GB). The recording ends by itself when it is used up.`,
      bad: true,
    })
  }
  return lines
}

/** What the own person is told when a recording begins, or goes on as they come. */
export function describeStart({ by, since }: { by: string | undefined; since: 'now' | 'before' }): string {
  if (since === 'before') return 'This call is being recorded'
  return by === undefined ? 'The recording has begun' : `${by} started recording`
}

/** The label of the mark that everybody sees. Says no time, which would be read out again each second. */
export function describeMark(recording: CallRecording): string {
  if (recording.state === 'starting') return 'The recording is starting'
  if (recording.state === 'stopping') return 'The recording is ending'
  if (recording.asksConsent && recording.agreed !== true) return 'This call is being recorded, without you'
  return 'This call is being recorded'
}
