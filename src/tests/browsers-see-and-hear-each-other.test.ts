import assert from 'node:assert/strict'
import { test } from 'node:test'
import { received, seesAndHears } from './support/browser.ts'
import { Caller } from './support/caller.ts'
import { useStage } from './support/stage.ts'
import { until } from './support/until.ts'

const stage = useStage({ SLUICE_WORKERS_COUNT: '2' })

test('two browsers see and hear each other', async () => {
  const room = 'two'
  const ana = await Caller.join(stage.browser, { url: stage.server.url, room, name: 'Ana' })
  const ben = await Caller.join(stage.browser, { url: stage.server.url, room, name: 'Ben' })
  await Promise.all([seesAndHears(ana.page, 1), seesAndHears(ben.page, 1)])
  await ana.showsMovingPicture('Ben')
  await ben.showsMovingPicture('Ana')
  assert.deepEqual([ana.complaints, ben.complaints], [[], []])
  await Promise.all([ana.leave(), ben.leave()])
})

test('four browsers see and hear each other, and one that joins late gets everything', async () => {
  const room = 'four'
  const early = []
  for (const name of ['Ana', 'Ben', 'Cleo'])
    early.push(await Caller.join(stage.browser, { url: stage.server.url, room, name }))
  await Promise.all(early.map((caller) => seesAndHears(caller.page, 2)))

  await early[1]!.click('toggle-mic')
  const late = await Caller.join(stage.browser, { url: stage.server.url, room, name: 'Dag' })
  for (const { name } of early) await late.showsMovingPicture(name)
  await late.sees(/^Ben, muted/)
  await early[1]!.click('toggle-mic')
  await Promise.all([...early, late].map((caller) => seesAndHears(caller.page, 3)))
  for (const caller of early) await caller.showsMovingPicture('Dag')

  const [ana] = early
  await late.leave()
  await until('the others see the late one gone', async () => (await ana!.tile('Dag').count()) === 0)
  await until(
    'nothing of the late one arrives any more',
    async () => {
      const tracks = await received(ana!.page)
      return tracks.filter((track) => track.kind === 'video').length === 2
    },
    { why: () => received(ana!.page) },
  )
  await Promise.all(early.map((caller) => caller.leave()))
})
