import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { joinDemo, openDemoPage, startBrowser } from './support/browser.ts'
import { guest, openToAll, publish, tokensOf, type Person } from './support/people.ts'
import { recordable } from './support/room-media.ts'
import { startServer, type TestServer } from './support/server.ts'
import { SignalingClient } from './support/signaling-client.ts'
import { until } from './support/until.ts'

/** Clients of mediasoup-demo know nothing of recordings: the bot tells them, and who cannot be told is not recorded. */

const settings = {
  ...openToAll,
  ...recordable,
  SLUICE_RECORDINGS_NOTICE: 'We keep this call.',
  SLUICE_RECORDINGS_END_NOTICE: 'No more is kept.',
}
let server: TestServer
let browser: Browser
before(async () => {
  server = await startServer(settings, undefined, { withDatabase: true })
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await server?.close()
})

async function recorder(room: string, on = server): Promise<Person> {
  const token = await tokensOf(on)
  return guest(on, room, { accessToken: await token('rec', room, { record: true }) })
}

/** Whose tracks are being recorded. */
async function recorded(room: string, on = server): Promise<string[]> {
  const { liveRecordings } = on.app
  const recordingId = liveRecordings.of(room)?.recordingId
  const statistics = await liveRecordings.statistics()
  const found = statistics?.recordings.find((recording) => recording.recordingId === recordingId)
  return [...new Set(found?.tracks.map(({ participantId }) => participantId))].toSorted()
}

async function enterDemo(roomId: string, peerId: string): Promise<Page> {
  const { page } = await openDemoPage(browser, server.url)
  await joinDemo(page, { url: server.url, roomId, peerId, displayName: peerId })
  return page
}

/** What the bot said, and what the client complains of. */
async function told(page: Page): Promise<{ texts: string[]; errors: string[] }> {
  const { errors, messages } = await page.evaluate<{
    errors: string[]
    messages: { label: string; peerId?: string; text: string }[]
  }>('demo.serializable()')
  const ofBot = messages.filter(({ label, peerId }) => label === 'bot' && peerId === undefined)
  return { errors, texts: ofBot.map(({ text }) => text) }
}

async function hears(page: Page, texts: readonly string[]): Promise<void> {
  await until(
    `the bot said: ${texts.join(' ')}`,
    async () => JSON.stringify((await told(page)).texts) === JSON.stringify(texts),
    { why: () => told(page) },
  )
}

test('an unchanged demo client is told when a recording begins and ends, who comes later too', async () => {
  const rec = await recorder('told')
  const ana = await enterDemo('told', 'ana')
  assert.deepEqual(await told(ana), { texts: [], errors: [] })
  await rec.client.request('recording.start', {})
  await hears(ana, ['We keep this call.'])
  await until('Ana is recorded', async () => (await recorded('told')).includes('ana'))

  const ben = await enterDemo('told', 'ben')
  await hears(ben, ['We keep this call.'])
  await until('both are recorded', async () => (await recorded('told')).join() === 'ana,ben')
  const health = await rec.client.hears('recording.health', ({ tracks }) => tracks === 4)
  assert.deepEqual([health.untold, health.waitingForConsent], [[], []])

  // Another recorder takes the place of one that died: that is nothing that they need hear again.
  const { liveRecordings } = server.app
  const { recordingId } = liveRecordings.of('told')!
  process.kill(liveRecordings.recorderPid!, 'SIGKILL')
  await until('both are recorded by the next one', async () => {
    const isNext = liveRecordings.of('told')?.recordingId !== recordingId
    return isNext && (await recorded('told')).join() === 'ana,ben'
  })
  await rec.client.request('recording.stop', {})
  for (const page of [ana, ben]) {
    await hears(page, ['We keep this call.', 'No more is kept.'])
    assert.deepEqual((await told(page)).errors, [])
  }
  const { db } = await server.app.services()
  const people = await db
    .selectFrom('recording_participants')
    .select('identity')
    .where('recording_id', '=', recordingId)
    .execute()
  assert.deepEqual(people.map(({ identity }) => identity).toSorted(), ['ana', 'ben', 'rec'])
})

test('who is still being told when it ends hears of both, in this order', async () => {
  const rec = await recorder('brief')
  const ana = await enterDemo('brief', 'ana')
  // Nothing was offered to her before, so that her data channels are connected for the first message only.
  await rec.client.request('recording.start', {})
  await rec.client.request('recording.stop', {})
  await hears(ana, ['We keep this call.', 'No more is kept.'])
  assert.deepEqual((await told(ana)).errors, [])
})

/** A demo client without a browser, so without media and data channels. */
async function demo(on: TestServer, room: string, peerId: string, accessToken?: string): Promise<Person> {
  const options = { path: '/', room, peerId, ...(accessToken === undefined ? {} : { accessToken }) }
  const client = await SignalingClient.connect(on.url, options)
  const { sendingId } = await client.join()
  return { client, peerId, peerSecret: '', sendingId }
}

test('who cannot be told is not recorded, and those who record see that', async () => {
  const rec = await recorder('untold')
  await publish(rec, 'microphone')
  const refusing = await demo(server, 'untold', 'refusing')
  refusing.client.answer = (method) => {
    if (method === 'newDataConsumer') throw new Error('I do not want DataChannels')
    return {}
  }
  // Its data channels are never connected.
  const deaf = await demo(server, 'untold', 'deaf')
  await publish(refusing, 'microphone')
  await rec.client.request('recording.start', {})
  await publish(deaf, 'camera')
  const late = await demo(server, 'untold', 'late')
  await publish(late, 'camera')
  // That the server has something to say does not depend on what one may receive of others.
  const token = await tokensOf(server)
  const alone = await demo(server, 'untold', 'alone', await token('alone', 'untold', { subscribe: false }))
  for (const { client } of [refusing, deaf, late, alone]) {
    const { label, peerId } = await client.isAsked('newDataConsumer')
    assert.deepEqual([label, peerId], ['bot', undefined])
  }
  const health = await rec.client.hears('recording.health', ({ untold }) => untold.length === 4)
  assert.equal(health.tracks, 1)
  assert.deepEqual(health.untold.toSorted(), ['alone', 'deaf', 'late', 'refusing'])
  assert.deepEqual(await recorded('untold'), ['rec'])
  assert.deepEqual(
    deaf.client.heard.filter(({ method }) => method.startsWith('recording.')),
    [],
    'they get nothing that they do not know',
  )
  await rec.client.request('recording.stop', {})
})

test('unless the operator says so', async () => {
  const lax = await startServer({ ...settings, SLUICE_RECORDINGS_RECORD_UNTOLD: 'true' }, undefined, {
    withDatabase: true,
  })
  try {
    const rec = await recorder('lax', lax)
    const deaf = await demo(lax, 'lax', 'deaf')
    await publish(deaf, 'camera')
    await rec.client.request('recording.start', {})
    await until('it is recorded', async () => (await recorded('lax', lax)).join() === 'deaf')
    await deaf.client.isAsked('newDataConsumer', ({ label }) => label === 'bot')
    const health = await rec.client.hears('recording.health', ({ tracks }) => tracks === 1)
    assert.deepEqual(health.untold, [])
  } finally {
    await lax.close()
  }
})
