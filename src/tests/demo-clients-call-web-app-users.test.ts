import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joinDemo, openDemoPage, seesAndHears } from './support/browser.ts'
import { Caller } from './support/caller.ts'
import { useStage } from './support/stage.ts'
import { until } from './support/until.ts'

const stage = useStage()

test('a demo client exchanges sound, picture and data with the web app', async () => {
  const room = 'mixed'
  const ana = await Caller.join(stage.browser, { url: stage.server.url, room, name: 'Ana' })
  const { page: demo } = await openDemoPage(stage.browser, stage.server.url)
  await joinDemo(demo, { url: stage.server.url, roomId: room, peerId: 'demo-peer', displayName: 'Demo' })
  await Promise.all([seesAndHears(ana.page, 1), seesAndHears(demo, 1)])
  await ana.showsMovingPicture('Demo')

  const state = () =>
    demo.evaluate('demo.serializable()') as Promise<{
      errors: string[]
      messages: { text: string }[]
      methods: string[]
    }>
  await ana.click('chat-toggle')
  await until('Ana reads what the demo client writes', async () => {
    await demo.evaluate('demo.say("from the demo")')
    return (await ana.page.getByTestId('chat-message').filter({ hasText: 'from the demo' }).count()) > 0
  })
  await until('the demo client reads what Ana writes', async () => {
    await ana.page.getByTestId('chat-input').fill('from the web app')
    await ana.page.getByTestId('chat-input').press('Enter')
    return (await state()).messages.some((message) => message.text === 'from the web app')
  })

  await demo.evaluate('demo.mute()')
  await ana.sees(/^Demo, muted/)
  await ana.page.keyboard.press('Escape')
  await ana.click('toggle-mic')
  await until('the demo client sees Ana muted', async () =>
    (await state()).methods.includes('consumerPaused'),
  )
  await demo.evaluate('demo.rename("Demo the second")')
  await ana.sees(/^Demo the second/)
  await demo.evaluate('demo.leave()')
  await until('the demo client is gone', async () => (await ana.tile('Demo').count()) === 0)
  assert.deepEqual((await state()).errors, [])
  assert.deepEqual(ana.complaints, [])
  await ana.leave()
})
