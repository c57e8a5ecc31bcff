import { AppError } from '../lib/app-error.ts'
import type { recordingRequests } from '../protocol/recording.ts'
import type { Handlers } from '../protocol/requests.ts'
import type { PeerContext } from '../rooms/context.ts'
import type { Peer } from '../rooms/peer.ts'
import { mayRecord } from './live-recording.ts'
import type { LiveRecordings } from './live-recordings.ts'

export type RecordingMethod = keyof typeof recordingRequests

function needRecord(peer: Peer): void {
  if (!mayRecord(peer)) throw new AppError('forbidden', 'This peer may not record.')
}

/** Recording, as people in a room ask for it. */
export function recordingHandlers(live: LiveRecordings): Handlers<PeerContext, RecordingMethod> {
  return {
    async 'recording.start'({ room, peer }) {
      needRecord(peer)
      return { recording: await live.start(room.id, { by: live.personOf(peer), peer }) }
    },
    async 'recording.stop'({ room, peer }) {
      needRecord(peer)
      await live.stop(room.id, { peer })
      return {}
    },
    async 'recording.consent'({ room, peer }, { agrees }) {
      await live.consent(room, peer, agrees)
      return {}
    },
  }
}
