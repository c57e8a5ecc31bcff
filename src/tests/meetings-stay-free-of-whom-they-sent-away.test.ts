import assert from 'node:assert/strict'
import { test } from 'node:test'
import { person } from './support/accounts.ts'
import { RestClient } from './support/rest-client.ts'
import { startServer } from './support/server.ts'
import { SignalingClient } from './support/signaling-client.ts'
import { until } from './support/until.ts'

test('whose account is disabled or deleted is sent out of a meeting, and the token of before lets them in no more', async () => {
  const server = await startServer({ SLUICE_MEETINGS_TICK_SECONDS: '1' }, undefined, { withDatabase: true })
  try {
    const admin = await person(server, { role: 'admin' })
    const host = await person(server)
    const [ana, ben] = [await person(server), await person(server)]
    const { body: meeting } = await host.client.post('/meetings', { title: 'Planning' })
    const enter = async ({ client }: typeof host) => {
      const { body } = await client.post(`/meetings/by-code/${meeting.code}/join`, {})
      const options = { room: body.room, accessToken: body.token }
      const socket = await SignalingClient.connect(server.url, options)
      await socket.join({ name: 'Somebody' })
      return { socket, options }
    }
    const there = await enter(host)
    const inside = [await enter(ana), await enter(ben)]

    const disabled = await admin.client.call('PATCH', `/users/${ana.id}`, { body: { disabled: true } })
    assert.equal(disabled.status, 200)
    assert.equal((await admin.client.call('DELETE', `/users/${ben.id}`)).status, 204)
    for (const { socket, options } of inside) {
      await until('they are sent away', () => socket.closed)
      const again = await SignalingClient.connect(server.url, options)
      await assert.rejects(again.join({ name: 'Somebody' }), { code: 'unauthorized' })
    }
    assert.equal(there.socket.closed, undefined, 'others stay')
  } finally {
    await server.close()
  }
})

test('a guest who is banned from a meeting does not come back as another guest', async () => {
  const server = await startServer({}, undefined, { withDatabase: true })
  try {
    const host = await person(server)
    const { body: meeting } = await host.client.post('/meetings', { title: 'Planning' })
    const enter = async (client: RestClient, body: object): Promise<SignalingClient> => {
      const { body: entry } = await client.post(`/meetings/by-code/${meeting.code}/join`, body)
      return SignalingClient.connect(server.url, { room: entry.room, accessToken: entry.token })
    }
    const hosting = await enter(host.client, {})
    await hosting.join()
    const nobody = new RestClient(server.url)
    const [early, banned] = [await enter(nobody, { name: 'Early' }), await enter(nobody, { name: 'Troll' })]
    await early.join()
    await banned.join()
    const { peers } = await hosting.request('room.getPeers', {})
    const { peerId } = peers.find(({ displayName }) => displayName === 'Troll')!
    await hosting.request('room.banPeer', { peerId })
    assert.equal((await banned.isClosed()).reason, 'banned')
    const again = await enter(nobody, { name: 'Somebody else' })
    await assert.rejects(again.join(), { code: 'banned' })
    assert.equal(early.closed, undefined, 'who was there before stays')
    const account = await enter((await person(server)).client, {})
    await account.join()
  } finally {
    await server.close()
  }
})
