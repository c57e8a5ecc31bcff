import { Type, type Static } from 'typebox'
import type { CodecName } from '../../config/schema.ts'
import type { Audit, AuditEntry } from '../audit/audit.ts'
import type { Api, Call } from '../http/api.ts'
import { AppError } from '../lib/app-error.ts'
import { decodeCursor, pageOf } from '../lib/cursor.ts'
import type { RoomId } from '../lib/ids.ts'
import { Grants, GrantsInput, LiveGrantsInput } from '../protocol/grants.ts'
import {
  Ban,
  Device,
  DisplayName,
  Metadata,
  PeerIdText,
  ProducerInfo,
  RoomInfo,
  RoomPolicyInput,
  WaitingPeer,
} from '../protocol/model.ts'
import { defaultPageLimit, Input, Moment, Page, PageQuery } from '../protocol/rest.ts'
import type { Peer } from './peer.ts'
import type { Room } from './room.ts'
import type { Rooms } from './rooms.ts'
import { needsToken } from './settings.ts'

const RoomName = Type.String({
  minLength: 1,
  maxLength: 1024,
  description: 'Id of the room, chosen by the application.',
  examples: ['algebra-7b'],
})
const seconds = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400, description, examples: [300] }))

/** What can be changed while the room is open. */
const change = {
  policy: Type.Optional(RoomPolicyInput),
  maxPeers: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100_000,
      description: 'Most people at once; never more than `limits.peersPerRoom`.',
      examples: [30],
    }),
  ),
  emptySeconds: seconds('How long the room stays when nobody comes. Left out: `rooms.emptySeconds`.'),
  departureSeconds: seconds(
    'How long the room stays when everybody has left. Left out: `rooms.departureSeconds`.',
  ),
  metadata: Type.Optional(Metadata),
}

const RoomChange = Input(change, 'What is to change; the rest stays.')

const settingsOf = (configured: readonly CodecName[]) =>
  Input(
    {
      ...change,
      codecs: Type.Optional(
        Type.Array(Type.Unsafe<CodecName>({ type: 'string', enum: [...configured] }), {
          minItems: 1,
          maxItems: configured.length,
          uniqueItems: true,
          description: 'Those of `media.codecs` that the room offers. Only when the room is opened.',
          examples: [configured.slice(0, 2)],
        }),
      ),
      requiresToken: Type.Optional(
        Type.Boolean({
          description:
            'Refuse people without a token also where guests may enter. Only when the room is opened.',
        }),
      ),
    },
    'What is left out is as the configuration says.',
  )

const RoomShape = Type.Object(
  {
    ...RoomInfo.properties,
    emptySeconds: Type.Integer({ examples: [300] }),
    departureSeconds: Type.Integer({ examples: [20] }),
    waiting: Type.Integer({ description: 'People in the lobby.', examples: [0] }),
  },
  { title: 'Room', description: 'A room that is open now.' },
)

const Participant = Type.Object(
  {
    peerId: PeerIdText,
    displayName: DisplayName,
    proven: Type.Boolean({ description: 'Came with a token, so that `peerId` is its identity.' }),
    joinedAt: Moment('When they joined.'),
    device: Device,
    metadata: Metadata,
    grants: Grants,
    handRaisedAt: Type.Optional(Moment('Left out: the hand is down.')),
    tracks: Type.Array(ProducerInfo),
  },
  { title: 'Participant', description: 'Somebody in a room.' },
)

const Nothing = Type.Object({}, { additionalProperties: false })
const OneRoom = Type.Object({ room: RoomName })
const OnePeer = Type.Object({ room: RoomName, peerId: PeerIdText })

export interface RoomTokens {
  issueToken(options: {
    identity: string
    room: string
    name?: string | undefined
    metadata?: Metadata | undefined
    grants?: GrantsInput
    now: Date
    lifeSeconds: number
  }): Promise<{ token: string; expiresAt: Date }>
}

export interface RoomRoutesOptions {
  readonly rooms: Rooms
  readonly audit: () => Promise<Audit>
  readonly tokens: () => Promise<RoomTokens>
  /** Those of the configuration (`media.codecs`). */
  readonly codecs: readonly CodecName[]
  /** Longest life of a token, in seconds (`auth.tokenMaxSeconds`). */
  readonly tokenMaxSeconds: number
}

/** Life of a token when nobody says otherwise, in seconds: long enough to click a link, short enough to leak. */
const tokenSeconds = 600

/** Live rooms, for backends. */
export function roomRoutes(api: Api, options: RoomRoutesOptions): void {
  const { rooms, audit, tokens, tokenMaxSeconds } = options

  const open = (id: string): Room => {
    const room = rooms.get(id as RoomId)
    if (!room) throw new AppError('not-found', 'No such room is open.')
    return room
  }
  const record = async (call: Call, entry: Omit<AuditEntry, 'actor' | 'now'>): Promise<void> =>
    (await audit()).record({ ...entry, actor: call.actor, now: call.now })
  const inRoom = (room: string, peerId: string) => ({
    target: { kind: 'participant', id: peerId } as const,
    data: { room },
  })

  api.add(
    'GET',
    '/rooms',
    'backend',
    {
      id: 'listRooms',
      tag: 'Rooms',
      about: 'Rooms that are open now, by id.',
      query: Input(PageQuery),
      answer: Page(RoomShape),
    },
    async ({ query }) => page(rooms.list(), query, { id: (room) => room.id, item: roomShape }),
  )

  api.add(
    'PUT',
    '/rooms/:room',
    'backend',
    {
      id: 'openRoom',
      tag: 'Rooms',
      about:
        'Opens a room, or changes the one that is open. Doing it again changes nothing. Nobody has to: a token with `createRoom` opens its room too, with the settings of the configuration.',
      params: OneRoom,
      body: settingsOf(options.codecs),
      answer: RoomShape,
      status: [201, 200],
      versioned: true,
      errors: ['limit-exceeded', 'conflict'],
    },
    async (call) => {
      const { params, body, version } = call
      const { codecs, requiresToken, ...changes } = body
      const present = rooms.get(params.room as RoomId)
      if (!present && needsToken(params.room))
        throw new AppError('conflict', 'This is the room of a meeting: start the meeting.')
      const room = present ?? (await rooms.open(params.room as RoomId, body))
      // Somebody may have been opening it at the same time.
      if (!room.hasFixed({ codecs, requiresToken }))
        throw new AppError('conflict', 'codecs and requiresToken of an open room cannot be changed.')
      room.update(changes, { version: present ? version : undefined })
      if (present) call.status(200)
      const target = { kind: 'room', id: room.id } as const
      await record(call, { action: present ? 'room.changed' : 'room.opened', target })
      return roomShape(room)
    },
  )

  api.add(
    'GET',
    '/rooms/:room',
    'backend',
    {
      id: 'getRoom',
      tag: 'Rooms',
      about: 'A room that is open now.',
      params: OneRoom,
      answer: RoomShape,
      versioned: true,
      errors: ['not-found'],
    },
    async ({ params }) => roomShape(open(params.room)),
  )

  api.add(
    'PATCH',
    '/rooms/:room',
    'backend',
    {
      id: 'changeRoom',
      tag: 'Rooms',
      about:
        'Changes an open room. Who is concerned is told, and what a new policy forbids ends at once. A lower `maxPeers` removes nobody.',
      params: OneRoom,
      body: RoomChange,
      answer: RoomShape,
      versioned: true,
      errors: ['not-found', 'limit-exceeded'],
    },
    async (call) => {
      const room = open(call.params.room)
      room.update(call.body, { version: call.version })
      await record(call, { action: 'room.changed', target: { kind: 'room', id: room.id } })
      return roomShape(room)
    },
  )

  api.add(
    'DELETE',
    '/rooms/:room',
    'backend',
    {
      id: 'closeRoom',
      tag: 'Rooms',
      about:
        'Ends a room for everybody in it. Doing it again, or for a room that is not open, changes nothing.',
      params: OneRoom,
    },
    async (call) => {
      const { room: id } = call.params
      if (!rooms.end(id as RoomId)) return
      await record(call, { action: 'room.ended', target: { kind: 'room', id } })
    },
  )

  api.add(
    'GET',
    '/rooms/:room/participants',
    'backend',
    {
      id: 'listParticipants',
      tag: 'Rooms',
      about: 'Who is in a room, hidden ones too, in the order of their ids.',
      params: OneRoom,
      query: Input(PageQuery),
      answer: Page(Participant),
      errors: ['not-found'],
    },
    async ({ params, query }) =>
      page(open(params.room).joinedPeers, query, { id: (peer) => peer.id, item: participant }),
  )

  api.add(
    'GET',
    '/rooms/:room/participants/:peerId',
    'backend',
    {
      id: 'getParticipant',
      tag: 'Rooms',
      about: 'Somebody in a room.',
      params: OnePeer,
      answer: Participant,
      errors: ['not-found'],
    },
    async ({ params }) => participant(open(params.room).peer(params.peerId)),
  )

  api.add(
    'PATCH',
    '/rooms/:room/participants/:peerId',
    'backend',
    {
      id: 'changeParticipant',
      tag: 'Rooms',
      about:
        'Changes name, metadata or grants of somebody in a room. They and the others are told; what is no longer granted ends at once.',
      params: OnePeer,
      body: Input({
        displayName: Type.Optional(DisplayName),
        metadata: Type.Optional(Metadata),
        grants: Type.Optional(LiveGrantsInput),
      }),
      answer: Participant,
      errors: ['not-found', 'limit-exceeded'],
    },
    async (call) => {
      const { displayName, metadata, grants } = call.body
      const room = open(call.params.room)
      const peer = room.peer(call.params.peerId)
      // What may be refused comes first, so that a request is done or not done.
      if (metadata) room.setPeerMetadata(peer, metadata)
      if (displayName !== undefined) room.rename(peer, displayName)
      if (grants) {
        room.moderation.setGrants(peer, grants)
        await record(call, { action: 'participant.grants-changed', ...inRoom(room.id, peer.id) })
      }
      return participant(peer)
    },
  )

  api.add(
    'DELETE',
    '/rooms/:room/participants/:peerId',
    'backend',
    {
      id: 'removeParticipant',
      tag: 'Rooms',
      about:
        'Removes somebody from a room. With `ban` they cannot come back while it is open. Doing it again, or for somebody who is not there, changes nothing.',
      params: OnePeer,
      query: Input({
        ban: Type.Optional(Type.Boolean({ default: false })),
        message: Type.Optional(
          Type.String({ maxLength: 256, description: 'Shown to them.', examples: ['Your lesson is over.'] }),
        ),
      }),
      errors: ['not-found'],
    },
    async (call) => {
      const { ban = false, message } = call.query
      const room = open(call.params.room)
      const peer = room.joinedPeers.find(({ id }) => id === call.params.peerId)
      if (!peer) return
      if (ban) room.moderation.ban(peer, { message })
      else room.moderation.remove(peer, { message })
      const action = ban ? 'participant.banned' : 'participant.removed'
      await record(call, { action, ...inRoom(room.id, peer.id) })
    },
  )

  api.add(
    'PUT',
    '/rooms/:room/participants/:peerId/tracks/:producerId',
    'backend',
    {
      id: 'muteTrack',
      tag: 'Rooms',
      about:
        'Mutes a track of somebody. Nobody is unmuted from outside: with `muted` false they are asked to unmute.',
      params: Type.Object({
        ...OnePeer.properties,
        producerId: Type.String({ minLength: 1, maxLength: 128, examples: ['0f3c…'] }),
      }),
      body: Input({ muted: Type.Boolean() }),
      answer: ProducerInfo,
      errors: ['not-found'],
    },
    async (call) => {
      const { room: id, peerId, producerId } = call.params
      const room = open(id)
      const peer = room.peer(peerId)
      const producer = peer.producer(producerId)
      if (call.body.muted) {
        await room.moderation.muteProducer(peer, producer)
        await record(call, { action: 'participant.muted', ...inRoom(room.id, peer.id) })
      } else {
        room.moderation.askUnmute(peer, producer.appData.source)
      }
      const track = participant(peer).tracks.find((one) => one.producerId === producerId)
      if (!track) throw new AppError('not-found', 'The track ended meanwhile.')
      return track
    },
  )

  api.add(
    'POST',
    '/rooms/:room/data',
    'backend',
    {
      id: 'sendData',
      tag: 'Rooms',
      about: 'Sends a message to clients in a room; our SDK hands it out as the event `message`.',
      params: OneRoom,
      body: Input({
        topic: Type.String({ minLength: 1, maxLength: 128, examples: ['poll'] }),
        payload: Type.Unknown({ description: 'Any JSON.', examples: [{ question: 'Which one?' }] }),
        to: Type.Optional(
          Type.Array(PeerIdText, { maxItems: 1000, description: 'Peer ids. Left out: everybody.' }),
        ),
      }),
      answer: Type.Object({
        told: Type.Integer({ description: 'How many clients it was sent to.', examples: [12] }),
      }),
      status: 202,
      errors: ['not-found'],
    },
    async ({ params, body }) => {
      const { topic, payload, to } = body
      return { told: open(params.room).send({ topic, payload }, to) }
    },
  )

  api.add(
    'GET',
    '/rooms/:room/lobby',
    'backend',
    {
      id: 'listLobby',
      tag: 'Rooms',
      about: 'Who waits to be let into a room, longest first.',
      params: OneRoom,
      answer: Page(WaitingPeer),
      errors: ['not-found'],
    },
    async ({ params }) => ({ items: open(params.room).entrance.lobby.list() }),
  )

  for (const [verb, action, about] of [
    ['admit', 'participant.admitted', 'Lets somebody in who waits.'],
    ['deny', 'participant.denied', 'Turns somebody away who waits.'],
  ] as const) {
    api.add(
      'POST',
      `/rooms/:room/lobby/:peerId/${verb}`,
      'backend',
      {
        id: `${verb}Participant`,
        tag: 'Rooms',
        about,
        params: OnePeer,
        body: Nothing,
        errors: ['not-found', ...(verb === 'admit' ? (['limit-exceeded'] as const) : [])],
      },
      async (call) => {
        const room = open(call.params.room)
        room.entrance[verb](call.params.peerId)
        await record(call, { action, ...inRoom(room.id, call.params.peerId) })
      },
    )
  }

  api.add(
    'GET',
    '/rooms/:room/bans',
    'backend',
    {
      id: 'listBans',
      tag: 'Rooms',
      about: 'Who is banned from a room for as long as it is open.',
      params: OneRoom,
      answer: Page(Ban),
      errors: ['not-found'],
    },
    async ({ params }) => ({ items: open(params.room).moderation.bans }),
  )

  api.add(
    'DELETE',
    '/rooms/:room/bans/:banId',
    'backend',
    {
      id: 'liftBan',
      tag: 'Rooms',
      about: 'Lifts a ban.',
      params: Type.Object({ room: RoomName, banId: Type.String({ minLength: 1, maxLength: 64 }) }),
      errors: ['not-found'],
    },
    async (call) => {
      const { room: id, banId } = call.params
      open(id).moderation.unban(banId)
      await record(call, { action: 'participant.unbanned', target: { kind: 'room', id }, data: { banId } })
    },
  )

  api.add(
    'POST',
    '/rooms/:room/tokens',
    'backend',
    {
      id: 'issueRoomToken',
      tag: 'Rooms',
      about:
        'Issues a room token, for backends that would rather ask than sign one themselves. The room need not be open.',
      params: OneRoom,
      body: Input({
        identity: Type.String({
          minLength: 1,
          maxLength: 1024,
          description: 'Who this is, in the words of the application.',
          examples: ['student-17'],
        }),
        name: Type.Optional(DisplayName),
        metadata: Type.Optional(Metadata),
        grants: Type.Optional(GrantsInput),
        lifeSeconds: Type.Optional(
          Type.Integer({
            minimum: 10,
            maximum: 31_536_000,
            description: `How long it lets somebody in; ${tokenSeconds} when left out. Who is in stays.`,
            examples: [600],
          }),
        ),
      }),
      answer: Type.Object(
        {
          token: Type.String({ examples: ['eyJhbGciOiJIUzI1NiJ9.e30.c2ln'] }),
          expiresAt: Moment('When it lets nobody in any more.'),
        },
        { title: 'IssuedToken' },
      ),
      status: 201,
      errors: ['limit-exceeded'],
    },
    async (call) => {
      const { lifeSeconds = tokenSeconds, identity, name, metadata, grants } = call.body
      if (lifeSeconds > tokenMaxSeconds) {
        throw new AppError('limit-exceeded', `Tokens live ${tokenMaxSeconds} s at most.`, {
          limit: 'tokenMaxSeconds',
          max: tokenMaxSeconds,
        })
      }
      const { room } = call.params
      const issuer = await tokens()
      const { token, expiresAt } = await issuer.issueToken({
        identity,
        name,
        metadata,
        ...(grants ? { grants } : {}),
        room,
        now: call.now,
        lifeSeconds,
      })
      await record(call, { action: 'room.token-issued', ...inRoom(room, identity) })
      return { token, expiresAt: expiresAt.toISOString() }
    },
  )
}

function roomShape(room: Room): Static<typeof RoomShape> {
  const { emptySeconds, departureSeconds } = room.settings
  return { ...room.info(), emptySeconds, departureSeconds, waiting: room.entrance.lobby.size }
}

function participant(peer: Peer): Static<typeof Participant> {
  const { peerId, displayName, proven, joinedAt, device, metadata, grants, handRaisedAt, producers } =
    peer.details()
  return {
    peerId,
    displayName,
    proven,
    joinedAt,
    device,
    metadata: metadata ?? {},
    grants,
    tracks: producers ?? [],
    ...(handRaisedAt === undefined ? {} : { handRaisedAt }),
  }
}

/** A page of something that lies in memory, in the order of ids: an order that does not change between two pages. */
function page<T, Item>(
  all: readonly T[],
  { limit = defaultPageLimit, cursor }: { limit?: number; cursor?: string },
  { id, item }: { id: (one: T) => string; item: (one: T) => Item },
): { items: Item[]; next?: string } {
  const after = cursor === undefined ? undefined : decodeCursor(cursor).id
  const following = all
    .filter((one) => after === undefined || id(one) > after)
    .toSorted((a, b) => (id(a) < id(b) ? -1 : 1))
  return pageOf(following, limit, { item, cursor: (one) => ({ at: '', id: id(one) }) })
}
