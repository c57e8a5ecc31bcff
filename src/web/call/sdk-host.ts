import type { Room } from 'sluice-client'
import type { HostActions } from './call.ts'

/** What hosts do, over the SDK. */
export function hostActions(
  { moderation }: Room,
  tell: { problem: (error: unknown) => void; note: (text: string) => void },
): HostActions {
  const act = async (work: Promise<unknown>, done?: string): Promise<void> => {
    try {
      await work
      if (done !== undefined) tell.note(done)
    } catch (error) {
      tell.problem(error)
    }
  }
  return {
    admit: (id) => void act(moderation.admit(id)),
    admitAll: () => void act(moderation.admitAll()),
    deny: (id) => void act(moderation.deny(id)),
    mute: (id) => void act(moderation.mute(id)),
    muteAll: () => void act(moderation.muteAll(), 'Everybody but the hosts is muted'),
    askFor: (id, what) => void act(moderation.askUnmute(id, what), 'They were asked'),
    stop: (id, source) => void act(moderation.stop(id, source)),
    lowerHand: (id) => void act(moderation.lowerHand(id)),
    lowerAllHands: () => void act(moderation.lowerAllHands()),
    spotlight: (id) => void act(moderation.spotlight(id)),
    setHost: (id, isHost) => void act(moderation.setModerator(id, isHost)),
    handOver: (id) => void act(moderation.handOver(id)),
    remove: (id, message) => void act(moderation.remove(id, message)),
    ban: (id, message) => void act(moderation.ban(id, message)),
    banned: async () => {
      try {
        return await moderation.bans()
      } catch (error) {
        tell.problem(error)
        return []
      }
    },
    unban: (banId) => act(moderation.unban(banId)),
    setPolicy: (change) => act(moderation.setPolicy(change)),
    endForAll: () => void act(moderation.end()),
  }
}
