import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { openPage, seesAndHears } from './support/browser.ts'
import { Caller } from './support/caller.ts'
import { startServer } from './support/server.ts'
import { useStage } from './support/stage.ts'
import { until } from './support/until.ts'

/** The whole of moderation as people see it: two browsers in an open room, whose first guest is host. */

const stage = useStage()

/** Opens the join page and clicks Join; resolves when the page waits at the door. */
async function knock(
  room: string,
  name: string,
  url = stage.server.url,
): Promise<{ page: Page; complaints: string[] }> {
  const { page, complaints } = await openPage(stage.browser, `${url}/r/${room}`)
  await page.getByTestId('name-input').fill(name)
  await page.getByTestId('join-button').click()
  await page.getByTestId('waiting').waitFor()
  return { page, complaints }
}

function row(page: Page, name: string) {
  return page.getByTestId('person').filter({ hasText: name })
}

async function fromMenuOf(page: Page, name: string, item: string): Promise<void> {
  await row(page, name).getByTestId('person-menu').click()
  await row(page, name).locator('[popover]').getByRole('button', { name: item, exact: true }).click()
}

test('a host turns the waiting room on, admits, mutes, asks, sees the hand, puts into the spotlight and removes', async () => {
  const room = 'moderated'
  const ana = await Caller.join(stage.browser, { url: stage.server.url, room, name: 'Ana' })
  await ana.click('host-controls')
  await ana.page.getByLabel('Waiting room').check()
  await until('the waiting room is on', () => stage.server.app.rooms.list()[0]?.info().policy.lobby)
  await ana.page.keyboard.press('Escape')

  const { page: ben, complaints } = await knock(room, 'Ben')
  assert.equal(await ben.getByTestId('waiting').getAttribute('data-why'), 'lobby')
  assert.equal(await ben.getByTestId('preview-video').isVisible(), true, 'he still sees himself')
  await ana.page.getByText('Ben wants to come in').first().waitFor()
  await ana.click('knock-admit')
  await ben.getByTestId('leave').waitFor()
  await Promise.all([seesAndHears(ana.page, 1), seesAndHears(ben, 1)])

  await ana.click('participants-toggle')
  await fromMenuOf(ana.page, 'Ben', 'Mute')
  await ben.getByText('Ana muted you.').first().waitFor()
  assert.equal(await ben.getByTestId('toggle-mic').getAttribute('data-on'), 'false')
  await ana.sees(/^Ben, muted/)

  await fromMenuOf(ana.page, 'Ben', 'Ask to unmute')
  await ben.getByText('Ana asks you to unmute').waitFor()
  assert.equal(await ben.getByTestId('toggle-mic').getAttribute('data-on'), 'false', 'asked is not forced')
  await ben.getByTestId('asked-yes').click()
  await until('he is heard again', async () => (await row(ana.page, 'Ben').getByText('muted').count()) === 0)
  assert.equal(await ben.getByTestId('toggle-mic').getAttribute('data-on'), 'true')

  await ben.keyboard.press('h')
  await ana.sees(/^Ben, .*hand raised, number 1/)
  await fromMenuOf(ana.page, 'Ben', 'Lower hand')
  await ben.getByText('Ana lowered your hand.').first().waitFor()
  assert.equal(await ben.getByTestId('hand-toggle').getAttribute('aria-pressed'), 'false')

  await fromMenuOf(ana.page, 'Ben', 'Spotlight for everybody')
  await ana.page.locator('[data-testid=tile][data-large=true]').filter({ hasText: 'Ben' }).waitFor()
  await ben.getByText('You are in the spotlight').first().waitFor()

  await fromMenuOf(ana.page, 'Ben', 'Remove…')
  await ana.page.getByLabel('A word to them').fill('See you next week')
  await ana.page.getByRole('button', { name: 'Remove', exact: true }).click()
  const end = ben.getByTestId('end-screen')
  await end.waitFor()
  assert.equal(await end.getAttribute('data-reason'), 'removed')
  assert.match((await end.textContent()) ?? '', /See you next week/)
  await until('he is gone for her', async () => (await ana.tile('Ben').count()) === 0)

  assert.deepEqual([ana.complaints, complaints], [[], []])
  await Promise.all([ana.leave(), ben.context().close()])
})

test('who is sent away at the door is told so, and who stops waiting is back at the join page', async () => {
  const room = 'door'
  const ana = await Caller.join(stage.browser, { url: stage.server.url, room, name: 'Ana' })
  await ana.click('host-controls')
  await ana.page.getByLabel('Waiting room').check()
  await ana.page.keyboard.press('Escape')

  const { page: cleo } = await knock(room, 'Cleo')
  await ana.click('participants-toggle')
  await ana.page.getByTestId('lobby').getByText('Cleo').waitFor()
  await cleo.getByTestId('stop-waiting').click()
  await cleo.getByTestId('join-button').waitFor()
  await until('nobody waits', async () => (await ana.page.getByTestId('lobby').count()) === 0)

  await cleo.getByTestId('join-button').click()
  await ana.page.getByTestId('deny').click()
  const end = cleo.getByTestId('end-screen')
  await end.waitFor()
  assert.equal(await end.getAttribute('data-reason'), 'denied')
  await Promise.all([ana.leave(), cleo.context().close()])
})

test('where hosts decide who speaks, shares and writes, the controls of others say so and the server holds to it', async () => {
  const room = 'quiet'
  const ana = await Caller.join(stage.browser, { url: stage.server.url, room, name: 'Ana' })
  const ben = await Caller.join(stage.browser, { url: stage.server.url, room, name: 'Ben' })
  await seesAndHears(ben.page, 1)
  await ben.click('toggle-screen')
  await ana.tile('Ben', 'screen').waitFor()

  await ana.click('host-controls')
  for (const what of ['Share a screen', 'Write in the chat', 'Unmute']) {
    await ana.page
      .getByRole('group', { name: new RegExp(what, 'i') })
      .getByLabel('Hosts')
      .check()
  }
  await ana.click('mute-all')
  await ana.page.keyboard.press('Escape')
  await ben.page.getByText('yours was stopped').first().waitFor()
  await until('his screen is gone', async () => (await ana.tile('Ben', 'screen').count()) === 0)
  await ben.page.locator('[data-testid=toggle-mic][aria-disabled=true]').waitFor()
  await ben.page.locator('[data-testid=toggle-screen][aria-disabled=true]').waitFor()
  await ben.page.keyboard.press('m')
  await ben.page.getByText('hosts decide who speaks').first().waitFor()
  const code = await ben.page.evaluate(
    `sluiceRoom.localParticipant.setMicrophoneEnabled(true).then(() => 'on', (error) => error.code + ' ' + error.data.why)`,
  )
  assert.equal(code, 'forbidden policy')
  await ben.click('chat-toggle')
  await ben.page.getByText('Only hosts write in the chat now.').waitFor()

  await ana.click('participants-toggle')
  await fromMenuOf(ana.page, 'Ben', 'Ask to unmute')
  await ben.page.getByTestId('asked-yes').click()
  await until(
    'he may speak this once',
    async () => (await ben.page.getByTestId('toggle-mic').getAttribute('data-on')) === 'true',
  )

  const camera = `sluiceRoom.localParticipant.getPublication('camera')`
  await ben.page.evaluate(`globalThis.track = ${camera}.track.mediaStreamTrack; undefined`)
  await ana.page.evaluate(
    `sluiceRoom.moderation.setGrants([...sluiceRoom.remoteParticipants.keys()][0], { publish: ['microphone'] })`,
  )
  await ben.page.getByText('took from you the right to use your camera').first().waitFor()
  await ben.page.locator('[data-testid=toggle-camera][data-on=false][aria-disabled=true]').waitFor()
  assert.equal(
    await ben.page.evaluate(`${camera} === undefined && track.readyState`),
    'ended',
    'its light is off',
  )

  await fromMenuOf(ana.page, 'Ben', 'Make host')
  await ben.page.getByTestId('chat-input').waitFor()
  await ben.page.getByTestId('host-controls').waitFor()

  await ana.click('leave-more')
  await ana.click('end-for-all')
  await ana.page.getByRole('button', { name: 'End for everybody', exact: true }).click()
  for (const { page } of [ana, ben]) {
    await page.getByTestId('end-screen').waitFor()
    assert.equal(await page.getByTestId('end-screen').getAttribute('data-reason'), 'ended')
  }
  assert.deepEqual([ana.complaints, ben.complaints], [[], []])
  await Promise.all([ana.leave(), ben.leave()])
})

test('waiting is no time-out, and outlives a restart of the server; a raised hand does, too', async () => {
  const room = 'patience'
  let server = await startServer()
  try {
    const { url, port } = server
    const ana = await Caller.join(stage.browser, { url, room, name: 'Ana' })
    await ana.click('host-controls')
    await ana.page.getByLabel('Waiting room').check()
    await ana.page.keyboard.press('Escape')
    await ana.page.keyboard.press('h')
    await ana.page.locator('[data-testid=hand-toggle][aria-pressed=true]').waitFor()
    const { page: ben } = await knock(room, 'Ben', url)

    // A client of its own, that gives the server one second.
    await ana.page.evaluate(`{
      globalThis.late = new sluiceRoom.constructor({ dataTopics: [] })
      late.connect('', { room: '${room}', name: 'Late', timeout: 1000 })
        .then(() => (globalThis.lateIs = 'in'), (error) => (globalThis.lateIs = error.code))
      undefined
    }`)
    await until('she sees the late one wait', () =>
      ana.page.evaluate(`late.state === 'waiting' && sluiceRoom.lobby.some(({ name }) => name === 'Late')`),
    )
    await until('that takes longer than the time-out', () =>
      ana.page.evaluate(
        `sluiceRoom.lobby.some(({ name, since }) => name === 'Late' && Date.now() - since > 1500)`,
      ),
    )
    await ana.page.evaluate(
      `sluiceRoom.moderation.admit(sluiceRoom.lobby.find(({ name }) => name === 'Late'))`,
    )
    await until('the late one is in', () => ana.page.evaluate(`globalThis.lateIs`))
    assert.equal(await ana.page.evaluate(`lateIs`), 'in')
    await ana.page.evaluate(`late.disconnect()`)

    await server.close()
    await ana.page.getByTestId('connection-banner').waitFor()
    assert.equal(await ben.getByTestId('waiting').isVisible(), true)
    server = await startServer({ SLUICE_HTTP_PORT: String(port) })
    // The new server knows of no waiting room.
    await ben.getByTestId('leave').waitFor()
    await seesAndHears(ben, 1)
    await ben.getByRole('group', { name: /^Ana, .*hand raised/ }).waitFor()
    await Promise.all([ana.leave(), ben.context().close()])
  } finally {
    await server.close()
  }
})
