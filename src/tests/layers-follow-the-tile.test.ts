import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { received, seesAndHears, sent, startBrowser } from './support/browser.ts'
import { Caller } from './support/caller.ts'
import { startServer, type TestServer } from './support/server.ts'
import { until } from './support/until.ts'

/** One receives only what is shown: the size of a tile chooses the simulcast layer, an invisible one pauses its consumer. */

let browser: Browser
before(async () => (browser = await startBrowser()))
after(() => browser?.close())

async function widthSeenBy(caller: Caller): Promise<number> {
  const video = (await received(caller.page)).find((track) => track.kind === 'video')
  return video?.frameWidth ?? 0
}

async function framesSeenBy(caller: Caller): Promise<number> {
  const video = (await received(caller.page)).find((track) => track.kind === 'video')
  return video?.framesDecoded ?? 0
}

async function pausedConsumers(server: TestServer, name: string): Promise<boolean[]> {
  const peer = server.app.rooms.list()[0]!.joinedPeers.find((one) => one.joined!.displayName === name)!
  return [...peer.consumers.values()]
    .filter((consumer) => consumer.kind === 'video')
    .map((consumer) => consumer.paused)
}

for (const codec of ['vp8', 'h264'] as const) {
  test(`the simulcast layer follows the size of the tile with ${codec}`, async () => {
    const server = await startServer({ SLUICE_MEDIA_CODECS: `opus,${codec}` })
    try {
      const ana = await Caller.join(browser, { url: server.url, room: 'layers', name: 'Ana' })
      const ben = await Caller.join(browser, { url: server.url, room: 'layers', name: 'Ben' })
      await seesAndHears(ana.page, 1)
      const encodings = await until(
        'Ben sends three layers',
        async () => {
          const video = (await sent(ben.page)).filter(
            (encoding) => encoding.kind === 'video' && encoding.framesEncoded > 0,
          )
          return video.length === 3 && video
        },
        { why: () => sent(ben.page), patienceMs: 40_000 },
      )
      assert.ok(encodings.every((encoding) => encoding.codec?.toLowerCase() === `video/${codec}`))

      await until('a large tile gets the full picture', async () => (await widthSeenBy(ana)) >= 960, {
        why: () => widthSeenBy(ana),
        patienceMs: 40_000,
      })
      const large = await widthSeenBy(ana)
      await ana.page.setViewportSize({ width: 360, height: 300 })
      await until('a small tile gets a small picture', async () => (await widthSeenBy(ana)) <= large / 2, {
        why: () => widthSeenBy(ana),
      })
      await ana.page.setViewportSize({ width: 1280, height: 720 })
      await until('a large one gets the full picture again', async () => (await widthSeenBy(ana)) === large, {
        why: () => widthSeenBy(ana),
        patienceMs: 40_000,
      })
      await Promise.all([ana.leave(), ben.leave()])
    } finally {
      await server.close()
    }
  })
}

// AV1 goes out with temporal layers only: receivers' decoders stop when a spatial layer of AV1 is switched (see encodings.ts).
for (const { codec, mode } of [
  { codec: 'vp9', mode: 'L3T3_KEY' },
  { codec: 'av1', mode: 'L1T3' },
]) {
  test(`${codec} is sent once with layers inside (SVC ${mode}) and is seen`, async () => {
    const server = await startServer({ SLUICE_MEDIA_CODECS: `opus,${codec}` })
    try {
      const ana = await Caller.join(browser, { url: server.url, room: 'svc', name: 'Ana' })
      const ben = await Caller.join(browser, { url: server.url, room: 'svc', name: 'Ben' })
      await seesAndHears(ana.page, 1)
      const video = (await sent(ben.page)).filter((encoding) => encoding.kind === 'video')
      assert.equal(video.length, 1)
      assert.equal(video[0]!.codec?.toLowerCase(), `video/${codec}`)
      assert.equal(video[0]!.scalabilityMode, mode)
      await Promise.all([ana.leave(), ben.leave()])
    } finally {
      await server.close()
    }
  })
}

test('what is not shown is not received', async () => {
  const server = await startServer()
  try {
    const ana = await Caller.join(browser, { url: server.url, room: 'hidden', name: 'Ana' })
    const ben = await Caller.join(browser, { url: server.url, room: 'hidden', name: 'Ben' })
    await seesAndHears(ana.page, 1)
    await ana.page.evaluate(
      `document.querySelector('[data-testid=tile][data-local=false] video').style.display = 'none'`,
    )
    await until('the consumer is paused', async () => (await pausedConsumers(server, 'Ana')).every(Boolean))
    await ana.page.evaluate(
      `document.querySelector('[data-testid=tile][data-local=false] video').style.display = ''`,
    )
    const before = await framesSeenBy(ana)
    await until('it flows again', async () => (await framesSeenBy(ana)) > before)
    assert.deepEqual(await pausedConsumers(server, 'Ana'), [false])
    await Promise.all([ana.leave(), ben.leave()])
  } finally {
    await server.close()
  }
})
