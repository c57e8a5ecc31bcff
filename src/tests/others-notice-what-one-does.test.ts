import assert from 'node:assert/strict'
import { test } from 'node:test'
import { received, seesAndHears } from './support/browser.ts'
import { Caller } from './support/caller.ts'
import { useStage } from './support/stage.ts'
import { until } from './support/until.ts'

const stage = useStage()

test('mute, camera off, screen share, chat and leave are seen by the others', async () => {
  const room = 'doings'
  const ana = await Caller.join(stage.browser, { url: stage.server.url, room, name: 'Ana' })
  const ben = await Caller.join(stage.browser, { url: stage.server.url, room, name: 'Ben' })
  await seesAndHears(ana.page, 1)

  await ben.click('toggle-mic')
  await ana.sees(/^Ben, muted/)
  await until('no sound of Ben arrives', async () => {
    const energy = async () =>
      (await received(ana.page)).find((track) => track.kind === 'audio')?.totalAudioEnergy
    const before = await energy()
    // Longer than the fake microphone's second between two beeps: silence can only be seen by waiting through it.
    await new Promise((resolve) => setTimeout(resolve, 2500))
    return before === (await energy())
  })
  await ben.click('toggle-mic')
  await seesAndHears(ana.page, 1)

  await ben.click('toggle-camera')
  await ana.sees(/^Ben, camera off/)
  assert.equal(
    await ben.page.evaluate(
      'navigator.mediaDevices.getUserMedia && !document.querySelector("[data-local=true] video")',
    ),
    true,
  )
  await ben.click('toggle-camera')
  await ana.showsMovingPicture('Ben')

  await ben.click('toggle-screen')
  await ana.showsMovingPicture('Ben’s screen', 'screen')
  await ben.sees(/^Your screen/)
  await ben.click('toggle-screen')
  await until('the screen is gone', async () => (await ana.tile('Ben’s screen', 'screen').count()) === 0)

  for (const caller of [ana, ben]) await caller.click('chat-toggle')
  await until('Ana reads what Ben writes', async () => {
    await ben.page.getByTestId('chat-input').fill('see https://example.org <b>now</b>')
    await ben.page.getByTestId('chat-input').press('Enter')
    return (await ana.page.getByTestId('chat-message').filter({ hasText: '<b>now</b>' }).count()) > 0
  })

  await ben.click('leave')
  await ben.page.getByTestId('end-screen').waitFor()
  await until('Ben is gone', async () => (await ana.tile('Ben').count()) === 0)
  assert.deepEqual([ana.complaints, ben.complaints], [[], []])
  await Promise.all([ana.leave(), ben.leave()])
})

test('who speaks is shown', async () => {
  const room = 'speakers'
  const ana = await Caller.join(stage.browser, { url: stage.server.url, room, name: 'Ana' })
  const ben = await Caller.join(stage.browser, { url: stage.server.url, room, name: 'Ben' })
  await ana.click('toggle-mic')
  // The fake microphone beeps.
  await until(
    'Ben’s tile is marked as speaking',
    async () => (await ana.tile('Ben').getAttribute('data-speaking')) === 'true',
  )
  assert.equal(await ben.tile('Ana').getAttribute('data-speaking'), 'false')
  await Promise.all([ana.leave(), ben.leave()])
})
