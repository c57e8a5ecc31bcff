import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goodPassword, person } from './support/accounts.ts'
import { openPage } from './support/browser.ts'
import { useStage } from './support/stage.ts'

/** The web app where the operator wants everybody to be asked: who is recorded, who is not, and that both are seen. */

const notice = 'We record this lesson for those who are ill.'
const stage = useStage({
  SLUICE_RECORDINGS_CONSENT: 'ask',
  SLUICE_RECORDINGS_NOTICE: notice,
  SLUICE_RECORDINGS_OUTPUT: 'none',
  SLUICE_RECORDINGS_MIN_FREE_MEGABYTES: '16',
})

test('a guest who does not agree is not recorded, the host sees it, and the guest may change their mind', async () => {
  const home = stage.server.url.replace('127.0.0.1', 'localhost')
  const who = await person(stage.server, { name: 'Ana', email: 'ana@example.org' })
  const ana = await openPage(stage.browser, `${home}/login`)
  await ana.page.getByLabel('E-mail', { exact: true }).fill(who.email)
  await ana.page.getByLabel('Password', { exact: true }).fill(goodPassword)
  await ana.page.getByTestId('log-in').click()
  await ana.page.getByTestId('account-menu').waitFor()
  const { body } = await who.client.post('/meetings', { title: 'Algebra' })
  const { code } = body as { code: string }
  await ana.page.goto(`${home}/m/${code}`)
  await ana.page.getByTestId('join-button').click()
  await ana.page.getByTestId('leave').waitFor()
  const ben = await openPage(stage.browser, `${home}/m/${code}`)
  await ben.page.getByTestId('name-input').fill('Ben')
  await ben.page.getByTestId('join-button').click()
  await ben.page.getByTestId('leave').waitFor()

  // Who starts it agrees by that.
  await ana.page.getByTestId('record-toggle').click()
  await ana.page.getByTestId('record-start').click()
  const mark = '[data-testid=recording-mark][data-state=recording]'
  await ana.page.locator(`${mark}[data-without=false]`).waitFor()

  const asked = ben.page.getByTestId('recording-notice')
  await asked.getByText(notice).waitFor()
  await asked.getByTestId('recording-decline').click()
  await ben.page.locator(`${mark}[data-without=true]`).waitFor()
  await ana.page.getByTestId('recording-mark').click()
  const without = ana.page.getByTestId('recording-without')
  assert.match((await without.textContent()) ?? '', /: Ben\.$/)

  await ben.page.getByTestId('recording-mark').click()
  await ben.page.getByTestId('recording-consent').click()
  await ben.page.locator(`${mark}[data-without=false]`).waitFor()
  await without.waitFor({ state: 'detached' })
  await ana.page.getByTestId('record-stop').click()
  await ben.page.getByTestId('recording-mark').waitFor({ state: 'detached' })
  await Promise.all([ana.context.close(), ben.context.close()])
  assert.deepEqual([...ana.complaints, ...ben.complaints], [])
})
