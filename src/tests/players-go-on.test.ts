import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { goodPassword, person } from './support/accounts.ts'
import { openPage } from './support/browser.ts'
import { useStage } from './support/stage.ts'
import { until } from './support/until.ts'

/** What watches a recording in the web app loses neither its place nor what is new. */

const stage = useStage({
  SLUICE_RECORDINGS_MIN_FREE_MEGABYTES: '16',
  // Made the sooner.
  SLUICE_RECORDINGS_SIZE: '640x360',
})

/** The name that the server gives itself in links, so that cookies go with them. */
const home = () => stage.server.url.replace('127.0.0.1', 'localhost')

async function logIn() {
  const who = await person(stage.server)
  const visitor = await openPage(stage.browser, `${home()}/login`)
  const { page } = visitor
  await page.getByLabel('E-mail', { exact: true }).fill(who.email)
  await page.getByLabel('Password', { exact: true }).fill(goodPassword)
  await page.getByTestId('log-in').click()
  await page.getByTestId('account-menu').waitFor()
  return { ...visitor, client: who.client }
}

/** Into a new meeting. */
async function meet({ client, page }: Awaited<ReturnType<typeof logIn>>, settings: object): Promise<void> {
  const { status, body } = await client.post('/meetings', { title: 'Algebra', ...settings })
  assert.equal(status, 201)
  await page.goto(`${home()}/m/${(body as { code: string }).code}`)
  await page.getByTestId('join-button').click()
  await page.getByTestId('leave').waitFor()
}

interface Look {
  readonly currentTime: number
  readonly paused: boolean
  readonly playbackRate: number
  readonly src: string
}

function look(page: Page): Promise<Look> {
  return page.evaluate(
    '(({ currentTime, paused, playbackRate, src }) => ({ currentTime, paused, playbackRate, src }))(document.querySelector("video"))',
  )
}

test('a recording that begins is listed, and its player keeps its place when files change or fail', async () => {
  const ana = await logIn()
  const { page: call, context } = ana
  const page = await context.newPage()
  await page.goto(`${home()}/recordings`)
  await page.getByText('No recordings yet').waitFor()

  await meet(ana, {})
  await call.getByTestId('record-toggle').click()
  await call.getByTestId('record-start').click()
  // Nobody loads the list again.
  await page.locator('[data-testid=recording-row][data-state=recording]').waitFor({ timeout: 30_000 })
  await call.getByTestId('record-toggle').click()
  await call.getByTestId('record-stop').click()
  await call.getByTestId('recording-mark').waitFor({ state: 'detached' })
  await call.getByTestId('leave').click()
  await page.locator('[data-testid=recording-row][data-state=ready]').waitFor({ timeout: 120_000 })

  // What is loaded first is refused, as after the end of a session; the recording asked for again, it opens.
  let refused = 0
  await page.route('**/files/*', (route) => {
    if (route.request().resourceType() !== 'media' || ++refused > 1) return route.continue()
    return route.fulfill({ status: 401, contentType: 'application/json', body: '{}' })
  })
  await page.getByTestId('recording-row').getByRole('link', { name: 'Algebra' }).click()
  await page.getByTestId('rate').selectOption('0.5')
  await page.getByTestId('seek').press('ArrowRight')
  await page.getByTestId('play').click()
  await until('it plays', async () => (await look(page)).currentTime > 5.3, { why: () => look(page) })
  assert.ok(refused > 1, 'it was asked for again')

  await page.goto(`${page.url()}?t=3`)
  await page.getByTestId('play').waitFor()
  await until('it begins where its address says', async () => (await look(page)).currentTime === 3, {
    why: () => look(page),
  })
  assert.equal((await look(page)).playbackRate, 0.5, 'the speed is remembered')
  await page.getByTestId('play').click()

  await page.getByTestId('new-version').click()
  await page.getByLabel('Size').selectOption('640x360')
  await page.getByRole('button', { name: 'Make it' }).click()
  await page.getByTestId('play').click()
  const before = await look(page)
  // Nothing else is shown because it is ready.
  const other = page.getByRole('button', { name: 'Watch: Video, who speaks is large' })
  await other.waitFor({ timeout: 90_000 })
  assert.equal((await look(page)).src, before.src)
  await other.click()
  await until('the other one is shown', async () => (await look(page)).src !== before.src)
  const after = await look(page)
  assert.ok(
    Math.abs(after.currentTime - before.currentTime) < 0.3,
    `${before.currentTime} before, ${after.currentTime} after`,
  )
  assert.equal(after.playbackRate, 0.5)
  assert.ok(before.paused && after.paused, 'paused stays paused')

  await page.getByRole('button', { name: 'Delete: Video, who speaks is large' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await until('the one that is left is shown', async () => (await look(page)).src === before.src)
  await context.close()
})

test('where a meeting is never recorded its host is not offered to', async () => {
  const host = await logIn()
  await meet(host, { record: 'never' })
  assert.equal(await host.page.getByTestId('record-toggle').count(), 0)
  await host.context.close()
})
