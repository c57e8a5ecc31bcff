import { signRoomToken } from '../../auth/room-token.ts'
import type { GrantsInput } from '../../protocol/grants.ts'
import type { Input } from '../../protocol/requests.ts'
import { opusParameters, vp8Parameters } from './rtp-parameters.ts'
import type { TestServer } from './server.ts'
import { SignalingClient, type ClientOptions } from './signaling-client.ts'

/** A server with people who come with tokens, and guests. */
export const openToAll = {
  SLUICE_MODE: 'production',
  SLUICE_HTTP_HOST: '127.0.0.1',
  SLUICE_ROOMS_GUESTS: 'allow',
}

/** Somebody with a connection, and what a test needs of them. */
export interface Person {
  readonly client: SignalingClient
  readonly peerId: string
  readonly peerSecret: string
  readonly sendingId: string
}

export async function joined(client: SignalingClient, name = 'Somebody'): Promise<Person> {
  const { sendingId } = await client.join({ name })
  const { peerId, peerSecret } = await client.hears('room.welcome')
  return { client, peerId, peerSecret, sendingId }
}

/** A guest who is in the room. */
export async function guest(server: TestServer, room: string, options: ClientOptions = {}): Promise<Person> {
  return joined(await SignalingClient.connect(server.url, { room, ...options }))
}

/** Makes tokens for rooms of this server. */
export async function tokensOf(
  server: TestServer,
): Promise<(identity: string, room: string, grants?: GrantsInput) => Promise<string>> {
  const key = await (await server.app.apiKeys()).add({ name: 'tests', now: new Date() })
  return (identity, room, grants = {}) =>
    signRoomToken({ key, identity, room, name: identity, grants, now: new Date(), lifeSeconds: 60 })
}

type Source = Input<'room.mutePeer'>['source']

export async function publish(
  { client, sendingId: transportId }: Person,
  source: Source,
  options: { paused?: boolean } = {},
): Promise<string> {
  const isAudio = source === 'microphone' || source === 'screen-audio'
  const { producerId } = await client.request('produce', {
    transportId,
    kind: isAudio ? 'audio' : 'video',
    rtpParameters: isAudio ? opusParameters() : vp8Parameters(),
    appData: { source },
    ...options,
  })
  return producerId
}
