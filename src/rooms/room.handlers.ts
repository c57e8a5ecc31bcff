import type { types } from 'mediasoup'
import { AppError } from '../lib/app-error.ts'
import type { Handlers } from '../protocol/requests.ts'
import { checkMetadata, checkName, needGrant } from './checks.ts'
import type { PeerContext } from './context.ts'
import { dataProducerInfo, producerInfo } from './peer.ts'

type RoomMethod =
  | 'getRtcStatsUrl'
  | 'getRouterRtpCapabilities'
  | 'join'
  | 'changeDisplayName'
  | 'applyNetworkThrottle'
  | 'stopNetworkThrottle'
  | 'resetNetworkThrottle'
  | 'room.get'
  | 'room.getPeers'
  | 'room.getProducers'
  | 'room.setMetadata'
  | 'room.ping'
  | 'room.leave'

function refuseThrottling(): never {
  throw new AppError('not-supported', 'This server does not throttle networks.')
}

/** Being in a room: joining, names, who is there, leaving. */
export const roomHandlers: Handlers<PeerContext, RoomMethod> = {
  getRtcStatsUrl: () => ({}),
  getRouterRtpCapabilities: ({ room }) => ({ routerRtpCapabilities: room.rtpCapabilities }),

  join({ room, peer, afterAnswer }, input) {
    const { identity, grants } = peer
    const ownMetadata = grants.updateOwnMetadata ? input.metadata : undefined
    const metadata = checkMetadata({ ...ownMetadata, ...identity.metadata }, room.config)
    const displayName = checkName(identity.name ?? input.displayName, room.config)
    const others = room.visiblePeers.filter((other) => other !== peer)
    const { device, autoSubscribe = true } = input
    const rtpCapabilities = input.rtpCapabilities as types.RtpCapabilities | undefined
    room.join(peer, { displayName, device, rtpCapabilities, metadata, autoSubscribe })
    afterAnswer(() => room.introduce(peer))
    return { peers: others.map((other) => other.info()) }
  },

  changeDisplayName({ room, peer }, input) {
    needGrant(peer.grants.updateOwnMetadata, 'change its name')
    room.rename(peer, input.displayName, { isOwn: true })
    return {}
  },

  applyNetworkThrottle: refuseThrottling,
  stopNetworkThrottle: refuseThrottling,
  resetNetworkThrottle: refuseThrottling,

  'room.get': ({ room, peer }) => ({ room: room.info(), grants: peer.grants }),

  'room.getPeers': ({ room, peer }) => ({
    peers: room.visiblePeers.filter((other) => other !== peer).map((other) => other.info()),
  }),

  'room.getProducers'({ room, peer }, { peerId }) {
    const others = room.visiblePeers.filter(
      (other) => other !== peer && (peerId === undefined || other.id === peerId),
    )
    if (peerId !== undefined && others.length === 0) throw new AppError('not-found', 'No such peer.')
    return {
      producers: others.flatMap((other) => [...other.producers.values()].map(producerInfo)),
      dataProducers: others.flatMap((other) => [...other.dataProducers.values()].map(dataProducerInfo)),
    }
  },

  'room.setMetadata'({ room, peer }, input) {
    needGrant(peer.grants.updateOwnMetadata, 'change its metadata')
    // What the token says of somebody stays true of them.
    room.setPeerMetadata(peer, { ...input.metadata, ...peer.identity.metadata }, { isOwn: true })
    return {}
  },

  'room.ping': () => ({}),

  'room.leave'({ peer, afterAnswer }, { reason }) {
    afterAnswer(() => peer.close('left', { told: reason }))
    return {}
  },
}
