import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { goodPassword, person } from './support/accounts.ts'
import { openPage, seesAndHears } from './support/browser.ts'
import { useStage } from './support/stage.ts'
import { until } from './support/until.ts'

/** The web app alone: a host records a meeting, everybody is told, and it is watched, shared and deleted. */

const stage = useStage({
  SLUICE_RECORDINGS_MIN_FREE_MEGABYTES: '16',
  // Made the sooner.
  SLUICE_RECORDINGS_SIZE: '640x360',
})

/** The name that the server gives itself in links, so that cookies go with them. */
const home = () => stage.server.url.replace('127.0.0.1', 'localhost')

async function logIn(name: string) {
  const who = await person(stage.server, { name, email: `${name.toLowerCase()}@example.org` })
  const visitor = await openPage(stage.browser, `${home()}/login`)
  const { page } = visitor
  await page.getByLabel('E-mail', { exact: true }).fill(who.email)
  await page.getByLabel('Password', { exact: true }).fill(goodPassword)
  await page.getByTestId('log-in').click()
  await page.getByTestId('account-menu').waitFor()
  return { ...visitor, client: who.client }
}

/** A guest without an account, in the meeting. */
async function comeAsGuest(code: string, name: string) {
  const visitor = await openPage(stage.browser, `${home()}/m/${code}`)
  await visitor.page.getByTestId('name-input').fill(name)
  await visitor.page.getByTestId('join-button').click()
  await visitor.page.getByTestId('leave').waitFor()
  return visitor
}

async function plays(page: Page): Promise<void> {
  await page.getByTestId('play').click()
  await until('it plays', () => page.evaluate<boolean>('document.querySelector("video").currentTime > 0.5'), {
    why: () =>
      page.evaluate(
        '(({ currentTime, readyState, error, src }) => ({ currentTime, readyState, error: error?.message, src }))(document.querySelector("video"))',
      ),
  })
}

test('a host records a meeting, the guest is told, and afterwards it is watched and shared', async () => {
  const ana = await logIn('Ana')
  const { page } = ana
  const made = await ana.client.post('/meetings', { title: 'Algebra' })
  assert.equal(made.status, 201)
  const { id, code } = made.body as { id: string; code: string }
  await page.goto(`${home()}/m/${code}`)
  await page.getByTestId('join-button').click()
  await page.getByTestId('leave').waitFor()
  const ben = await comeAsGuest(code, 'Ben')
  await Promise.all([seesAndHears(page, 1), seesAndHears(ben.page, 1)])
  assert.equal(await ben.page.getByTestId('record-toggle').count(), 0, 'guests do not record')

  await page.getByTestId('record-toggle').click()
  await page.getByTestId('record-start').click()
  await page.locator('[data-testid=recording-mark][data-state=recording]').waitFor()
  const notice = ben.page.getByTestId('recording-notice')
  await notice.getByText('started recording').waitFor()
  await notice.getByTestId('recording-ok').click()
  await notice.waitFor({ state: 'detached' })
  await ben.page.getByRole('button', { name: /^This call is being recorded/ }).waitFor()

  // Who comes later is told, too.
  const cleo = await comeAsGuest(code, 'Cleo')
  await cleo.page.getByTestId('recording-notice').getByText('This call is being recorded').waitFor()
  await seesAndHears(page, 2)

  const overview = await ana.context.newPage()
  await overview.goto(`${home()}/meetings/${id}`)
  await overview.getByText('Recording', { exact: true }).first().waitFor()
  await overview.getByTestId('recording-row').getByText('Recording now').waitFor()

  await page.getByTestId('recording-mark').click()
  await page.getByText('Everything that is sent arrives.').waitFor()
  await page.getByTestId('record-stop').click()
  for (const each of [page, ben.page, cleo.page]) {
    await each.getByTestId('recording-mark').waitFor({ state: 'detached' })
  }
  await page.getByText('look under Recordings').first().waitFor()
  await page.getByTestId('leave').click()
  await page.getByTestId('end-screen').getByRole('link', { name: 'Recordings' }).click()
  await page.getByTestId('recording-row').filter({ hasText: 'Algebra' }).waitFor()
  await Promise.all([ben.context.close(), cleo.context.close()])

  await overview.goto(`${home()}/recordings`)
  const row = overview.getByTestId('recording-row')
  await row.filter({ hasText: 'Algebra' }).waitFor()
  await overview.locator('[data-testid=recording-row][data-state=ready]').waitFor({ timeout: 60_000 })
  await row.locator('img').waitFor()
  await row.getByRole('link', { name: 'Algebra' }).click()
  await plays(overview)
  const people = await overview.getByTestId('lane').allTextContents()
  assert.equal(people.length, 3)
  assert.ok(
    ['Ana', 'Ben', 'Cleo'].every((name) => people.some((text) => text.includes(name))),
    String(people),
  )

  await overview.getByTestId('share').click()
  await overview.getByTestId('make-share').click()
  const link = await overview.getByLabel('Link to the recording').inputValue()
  const dan = await openPage(stage.browser, link)
  await dan.page.getByRole('heading', { level: 1, name: 'Algebra' }).waitFor()
  await plays(dan.page)
  assert.equal(await dan.page.getByTestId('download').count(), 0)
  await overview.getByTestId('revoke').click()
  await overview.getByTestId('share-row').waitFor({ state: 'detached' })
  await dan.page.reload()
  await dan.page.getByTestId('share-over').waitFor()
  await overview.keyboard.press('Escape')

  const [saved] = await Promise.all([
    overview.waitForEvent('download'),
    (async () => {
      await overview.getByTestId('download').click()
      await overview.getByRole('link', { name: /^Video/ }).click()
    })(),
  ])
  assert.match(saved.suggestedFilename(), /^Algebra .*\.mp4$/)
  await saved.delete()

  await overview.getByTestId('recording-more').click()
  await overview.getByTestId('delete').click()
  await overview.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await overview.getByText('No recordings yet').waitFor()

  assert.deepEqual(ana.complaints, [])
  assert.deepEqual(ben.complaints, [])
  await Promise.all([ana.context.close(), dan.context.close()])
})

test('who is about to join a meeting that is always recorded reads it before', async () => {
  const { client } = await person(stage.server, { name: 'Eve' })
  for (const record of ['always', 'hosts']) {
    const { body } = await client.post('/meetings', { title: 'Geometry', record })
    const { page, context } = await openPage(stage.browser, `${home()}/m/${(body as { code: string }).code}`)
    await page.getByTestId('name-input').waitFor()
    assert.equal(await page.getByTestId('always-recorded').count(), record === 'always' ? 1 : 0)
    await context.close()
  }
})
