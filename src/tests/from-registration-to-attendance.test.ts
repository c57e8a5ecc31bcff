import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { openPage, seesAndHears, startBrowser } from './support/browser.ts'
import { forEachEngine } from './support/databases.ts'
import { startServer } from './support/server.ts'
import { until } from './support/until.ts'

/** The whole path of somebody who uses nothing but the web app, from the first mail to who was there. On both databases. */

let browser: Browser
before(async () => {
  browser = await startBrowser()
})
after(() => browser?.close())

const password = 'river otter at dawn'

async function logIn(page: Page, email: string): Promise<void> {
  await page.getByLabel('E-mail', { exact: true }).fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByTestId('log-in').click()
  await page.getByTestId('account-menu').waitFor()
}

forEachEngine(
  'somebody registers, schedules, admits, mutes, removes, ends, and sees who was there',
  async (where) => {
    const server = await startServer({
      SLUICE_DATA_DIR: where.dataDir,
      ...(where.url === undefined ? {} : { DATABASE_URL: where.url }),
    })
    // Links in mails name this host, and cookies belong to a name.
    const url = server.url.replace('127.0.0.1', 'localhost')
    try {
      const email = 'mara@example.org'
      const { page: mara, context, complaints } = await openPage(browser, `${url}/register`)
      await mara.getByLabel('Name', { exact: true }).fill('Mara')
      await mara.getByLabel('E-mail', { exact: true }).fill(email)
      await mara.getByLabel('Password', { exact: true }).fill(password)
      await mara.getByRole('checkbox').check()
      await mara.getByTestId('create-account').click()
      await mara.getByTestId('check-mail').waitFor()

      await until('the mail is kept', async () => {
        await mara.goto(`${url}/mails`)
        return (await mara.getByText(email).count()) > 0
      })
      await mara.locator('.mails a').filter({ hasText: email }).first().click()
      await mara.locator('pre a[href*="/verify"]').first().click()
      await mara.getByTestId('go-on').click()
      await logIn(mara, email)

      await mara.goto(`${url}/meetings/new`)
      await mara.getByTestId('meeting-title').fill('Weekly planning')
      await mara.getByLabel('Waiting room').check()
      await mara.getByTestId('meeting-save').click()
      const code = (await mara.getByTestId('meeting-code').textContent())?.trim()
      assert.match(code ?? '', /^[a-z2-9]{3}-[a-z2-9]{4}-[a-z2-9]{3}$/)
      const meetingPage = mara.url()
      await mara.getByTestId('meeting-join').click()
      await mara.getByTestId('join-button').click()
      await mara.getByTestId('leave').waitFor()

      // The second person has nothing but the code.
      const { page: ben, context: elsewhere } = await openPage(browser, url)
      await ben.getByTestId('join-what').fill(code!)
      await ben.keyboard.press('Enter')
      await ben.getByTestId('name-input').fill('Ben')
      await ben.getByTestId('join-button').click()
      await ben.getByTestId('waiting').waitFor()
      const admittedAt = Date.now()
      await mara.getByTestId('knock-admit').click()
      await Promise.all([seesAndHears(mara, 1), seesAndHears(ben, 1)])

      await mara.getByTestId('participants-toggle').click()
      const row = mara.getByTestId('person').filter({ hasText: 'Ben' })
      const fromMenu = async (item: string): Promise<void> => {
        await row.getByTestId('person-menu').click()
        await row.locator('[popover]').getByRole('button', { name: item, exact: true }).click()
      }
      await fromMenu('Mute')
      await ben.getByText('Mara muted you.').first().waitFor()
      await fromMenu('Remove…')
      await mara.getByRole('button', { name: 'Remove', exact: true }).click()
      await ben.locator('[data-testid=end-screen][data-reason=removed]').waitFor()
      const removedAt = Date.now()

      await mara.getByTestId('leave-more').click()
      await mara.getByTestId('end-for-all').click()
      await mara.getByRole('button', { name: 'End for everybody', exact: true }).click()
      await mara.locator('[data-testid=end-screen]').waitFor()

      await mara.goto(meetingPage)
      const attendance = mara.getByTestId('attendance')
      await attendance.waitFor()
      await attendance.getByText('2 people').first().waitFor()
      for (const name of ['Mara', 'Ben'])
        await attendance.getByRole('row').filter({ hasText: name }).waitFor()
      assert.equal(await attendance.getByText('Here now').count(), 0)
      await attendance.getByRole('row').filter({ hasText: 'Ben' }).getByText('Guest').waitFor()

      // To the second: waiting at the door is not being there.
      const id = meetingPage.split('/').at(-1)
      const { sessions } = (await mara.evaluate(
        `fetch('/api/v1/meetings/${id}/attendance').then((response) => response.json())`,
      )) as { sessions: { endReason: string; attendances: Record<string, string | number>[] }[] }
      assert.equal(sessions.length, 1)
      assert.equal(sessions[0]!.endReason, 'ended')
      const visit = sessions[0]!.attendances.find(({ name }) => name === 'Ben')!
      const [joined, left] = [visit['joinedAt']!, visit['leftAt']!].map((moment) =>
        new Date(moment).getTime(),
      )
      assert.ok(admittedAt <= joined! && joined! < left! && left! <= removedAt, JSON.stringify(visit))
      assert.ok(Math.abs(Number(visit['seconds']) - (left! - joined!) / 1000) <= 1, JSON.stringify(visit))
      assert.deepEqual(complaints, [])
      await Promise.all([context.close(), elsewhere.close()])
    } finally {
      await server.close()
    }
  },
)
