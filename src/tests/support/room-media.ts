import type { RoomId } from '../../lib/ids.ts'
import type { PeerProducer } from '../../rooms/peer.ts'
import { publish, type Person } from './people.ts'
import { Publisher, type PublisherOptions } from './publisher.ts'
import type { TestServer } from './server.ts'

/** What recorded rooms are tested with: room on the disk, and nothing made of recordings. */
export const recordable = {
  SLUICE_RECORDINGS_MIN_FREE_MEGABYTES: '16',
  SLUICE_RECORDINGS_OUTPUT: 'none',
}

/** Somebody in a room sends real media, over plain RTP in place of what a browser would do. */
export async function sendMedia(
  server: TestServer,
  roomId: string,
  person: Person,
  options: PublisherOptions,
): Promise<Publisher> {
  const room = server.app.rooms.get(roomId as RoomId)!
  const peer = room.peer(person.peerId)
  // It is on the router that the next one is to be on.
  const first = peer.producer(await publish(person, 'microphone'))
  const publisher = await Publisher.create(room.routerOf(first), options)
  await person.client.request('closeProducer', { producerId: first.id })
  const producer = publisher.producer as PeerProducer
  const source = publisher.kind === 'audio' ? 'microphone' : 'camera'
  producer.appData = { peerId: peer.id, source, metadata: {} }
  peer.producers.set(producer.id, producer)
  producer.observer.once('close', () => peer.producers.delete(producer.id))
  room.published(peer, producer)
  return publisher
}
