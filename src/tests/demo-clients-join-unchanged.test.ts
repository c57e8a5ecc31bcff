import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joinDemo, openDemoPage, received, seesAndHears } from './support/browser.ts'
import { useStage } from './support/stage.ts'
import { until } from './support/until.ts'

/** A client made of protoo-client and mediasoup-client alone speaks mediasoup-demo's newest dialect with the server. */

const stage = useStage()

interface DemoState {
  errors: string[]
  methods: string[]
  peers: Record<string, { displayName: string }>
  consumers: { id: string; kind: string; appData: { source: string }; paused: boolean }[]
  messages: { label: string; peerId: string; text: string }[]
  chatState: string
}

test('two demo clients see, hear and write to each other, and every method of the dialect works', async () => {
  const ana = (await openDemoPage(stage.browser, stage.server.url)).page
  const ben = (await openDemoPage(stage.browser, stage.server.url)).page
  const state = (page: typeof ana): Promise<DemoState> => page.evaluate('demo.serializable()')
  await joinDemo(ana, { url: stage.server.url, roomId: 'demo', peerId: 'ana', displayName: 'Ana' })
  await joinDemo(ben, { url: stage.server.url, roomId: 'demo', peerId: 'ben', displayName: 'Ben' })
  await seesAndHears(ana, 1)
  await seesAndHears(ben, 1)
  assert.match(await ana.evaluate('demo.bot'), /no bot/)

  const bens = await state(ben)
  assert.deepEqual(Object.keys(bens.peers), ['ana'])
  assert.equal(bens.peers['ana']!.displayName, 'Ana')
  assert.deepEqual(bens.consumers.map((consumer) => consumer.appData.source).toSorted(), ['audio', 'video'])

  await until('the chat is open', async () => (await state(ben)).chatState === 'open')
  await until('Ana reads what Ben writes', async () => {
    await ben.evaluate('demo.say("hej på dig ✓")')
    return (await state(ana)).messages.some(
      (message) => message.text === 'hej på dig ✓' && message.peerId === 'ben' && message.label === 'chat',
    )
  })

  await ben.evaluate('demo.mute()')
  await until('Ana sees Ben muted', async () => (await state(ana)).methods.includes('consumerPaused'))
  await ben.evaluate('demo.unmute()')
  await until('Ana sees Ben unmuted', async () => (await state(ana)).methods.includes('consumerResumed'))
  await ben.evaluate('demo.rename("Benedikt")')
  await until(
    'Ana sees the new name',
    async () => (await state(ana)).peers['ben']?.displayName === 'Benedikt',
  )

  const video = (await state(ana)).consumers.find((consumer) => consumer.kind === 'video')!
  const widths = async (): Promise<number | undefined> =>
    (await received(ana)).find((track) => track.kind === 'video')?.frameWidth
  await ana.evaluate(`demo.preferLayers(${JSON.stringify(video.id)}, 0, 0)`)
  await until('Ana gets the lowest layer', async () => (await widths()) === 240, { why: widths })
  await ana.evaluate(`demo.preferLayers(${JSON.stringify(video.id)}, 2, 2)`)
  await until('Ana gets the highest layer', async () => (await widths()) === 960, {
    why: widths,
    patienceMs: 40_000,
  })
  await ana.evaluate(`demo.setPriority(${JSON.stringify(video.id)}, 10)`)
  await ana.evaluate(`demo.requestKeyFrame(${JSON.stringify(video.id)})`)

  await ana.evaluate(`demo.pauseConsumer(${JSON.stringify(video.id)})`)
  const frames = async (): Promise<number> =>
    (await received(ana)).find((track) => track.kind === 'video')?.framesDecoded ?? 0
  let last = -1
  await until('no more frames arrive', async () => {
    const now = await frames()
    const stopped = now === last
    last = now
    if (!stopped) await new Promise((resolve) => setTimeout(resolve, 400))
    return stopped
  })
  await ana.evaluate(`demo.resumeConsumer(${JSON.stringify(video.id)})`)
  await until('frames arrive again', async () => (await frames()) > last)

  await ana.evaluate('demo.restartIce()')
  await seesAndHears(ana, 1)
  const stats = (await ana.evaluate('demo.stats()')) as Record<string, unknown[]>
  for (const [name, list] of Object.entries(stats)) assert.ok(list.length > 0, `${name} has statistics`)
  assert.equal(await ana.evaluate('demo.throttle()'), '501')

  for (const method of [
    'mediasoupVersion',
    'newPeer',
    'producerScore',
    'consumerScore',
    'consumerLayersChanged',
    'activeSpeaker',
    'speakingPeers',
  ]) {
    await until(`Ana was notified of ${method}`, async () => (await state(ana)).methods.includes(method))
  }
  await ben.evaluate('demo.stopVideo()')
  await until('Ana loses the video', async () => (await state(ana)).consumers.length === 1)
  await ben.evaluate('demo.leave()')
  await until('Ana sees Ben leave', async () => !('ben' in (await state(ana)).peers))
  assert.deepEqual((await state(ana)).errors, [])
  assert.deepEqual((await state(ben)).errors, [])
})
