import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { goodPassword, person } from './support/accounts.ts'
import { openPage } from './support/browser.ts'
import { Caller } from './support/caller.ts'
import { useStage } from './support/stage.ts'

/** Keyboard and screen reader: axe-core finds nothing serious on the real pages, and a call can be made by keys alone. */

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

const stage = useStage()

async function seriousFindings(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: axe })
  return page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => id + ': ' + nodes[0].html.slice(0, 120)))`)
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`home, join page and room have no serious accessibility findings in ${colorScheme}`, async () => {
    const context = { colorScheme, bypassCSP: true, reducedMotion: 'reduce' } as const
    const { page } = await openPage(stage.browser, stage.server.url, context)
    await page.getByRole('button').first().waitFor()
    assert.deepEqual(await seriousFindings(page), [], 'home')
    await page.goto(`${stage.server.url}/r/axe-${colorScheme}`)
    await page.getByTestId('preview-video').waitFor()
    assert.deepEqual(await seriousFindings(page), [], 'join page')
    await page.context().close()

    const room = `axe-${colorScheme}`
    const ana = await Caller.join(stage.browser, { url: stage.server.url, room, name: 'Ana', context })
    const ben = await Caller.join(stage.browser, { url: stage.server.url, room, name: 'Ben', context })
    await ana.showsMovingPicture('Ben')
    assert.deepEqual(await seriousFindings(ana.page), [], 'room')
    await ana.click('chat-toggle')
    await ana.page.getByTestId('chat-input').waitFor()
    assert.deepEqual(await seriousFindings(ana.page), [], 'room with chat')
    await ana.click('leave')
    await ana.page.getByTestId('end-screen').waitFor()
    assert.deepEqual(await seriousFindings(ana.page), [], 'end')
    await Promise.all([ana.leave(), ben.leave()])
  })
}

/** Pages, and what is there when they are complete. */
const publicPages = {
  '/login': '[data-testid=log-in]',
  '/register': '[data-testid=create-account]',
  '/verify?token=none': 'text=This link does not work',
  '/forgot': 'text=Send the link',
  '/reset?token=none': 'text=Set the password',
}
const adminPages = {
  '/account': '[data-testid=save-profile]',
  '/account/security': 'text=This one',
  '/account/data': 'text=Get the copy',
  '/admin/users': 'td',
  '/admin/rooms': '[data-testid=live-room] li',
  '/admin/api-keys': '[data-testid=empty]',
  '/admin/audit': '[data-testid=audit] li',
}

/** Of a host who has planned a meeting that was not held yet. */
function hostPages({ id, code }: { id: string; code: string }): Record<string, string> {
  return {
    '/': '[data-testid=meeting-row]',
    '/meetings/new': '[data-testid=meeting-save]',
    [`/meetings/${id}`]: '[data-testid=empty]',
    [`/meetings/${id}/edit`]: '[data-testid=meeting-save]',
    [`/m/${code}`]: '[data-testid=join-button]',
    '/m/abc-defg-hjk': '[data-testid=meeting-closed]',
    '/history': '[data-testid=empty]',
    '/recordings': '[data-testid=empty]',
    '/recordings/none': '[data-testid=empty]',
    '/recordings/shared/none': '[data-testid=share-over]',
    '/calls/new?to=ben@example.org&name=Ben': '[data-testid=join-button]',
  }
}

test('pages of accounts, admins and meetings have no serious accessibility findings in light and dark', async () => {
  const { url } = stage.server
  const { email, client } = await person(stage.server, { role: 'admin', name: 'Mara' })
  const context = { bypassCSP: true, reducedMotion: 'reduce' } as const
  const { page } = await openPage(stage.browser, `${url}/login`, context)
  const look = async (pages: Readonly<Record<string, string>>): Promise<void> => {
    for (const [path, complete] of Object.entries(pages)) {
      await page.goto(url + path)
      await page.locator(complete).first().waitFor()
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        // Colours change over a frame or two.
        await page.waitForFunction('document.getAnimations().length === 0')
        assert.deepEqual(await seriousFindings(page), [], `${path} in ${colorScheme}`)
      }
    }
  }
  await look(publicPages)

  const guest = await Caller.join(stage.browser, { url, room: 'axe-live', name: 'Ana' })
  await page.goto(`${url}/login`)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(goodPassword)
  await page.keyboard.press('Enter')
  await page.getByTestId('account-menu').waitFor()
  await look(adminPages)
  const meeting = await client.post('/meetings', {
    title: 'Weekly planning',
    description: 'Bring your points.',
    startsAt: new Date(Date.now() + 600_000).toISOString(),
    timeZone: 'Asia/Tokyo',
    recurrence: 'FREQ=WEEKLY',
    passcode: '482910',
    invitees: [{ email: 'ben@example.org', name: 'Ben' }],
  })
  assert.equal(meeting.status, 201)
  await look(hostPages(meeting.body))

  // Dialogs and menus, opened by keys alone; focus comes back to where it was.
  await page.goto(`${url}/admin/users`)
  await page.getByTestId('new-user').focus()
  await page.keyboard.press('Enter')
  await page.getByTestId('create-user').waitFor()
  assert.deepEqual(await seriousFindings(page), [], 'dialog')
  await page.keyboard.press('Escape')
  assert.equal(await page.evaluate('document.activeElement.dataset.testid'), 'new-user')
  await page.getByTestId('account-menu').focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('ArrowDown')
  assert.match((await page.evaluate('document.activeElement.textContent')) as string, /Users/)
  assert.deepEqual(await seriousFindings(page), [], 'menu')
  await page.keyboard.press('Escape')
  await page.context().close()
  await guest.leave()
})

test('a call can be joined, muted and left by keys alone', async () => {
  const { page } = await openPage(stage.browser, `${stage.server.url}/r/keys`)
  await page.getByTestId('name-input').focus()
  await page.keyboard.type('Keyboard')
  await page.keyboard.press('Enter')
  await page.getByTestId('leave').waitFor()
  await page.getByTestId('toggle-mic').focus()
  const pressed = (): Promise<string | null> => page.getByTestId('toggle-mic').getAttribute('aria-label')
  const before = await pressed()
  await page.keyboard.press('m')
  await page.waitForFunction(
    `document.querySelector('[data-testid=toggle-mic]').ariaLabel !== ${JSON.stringify(before)}`,
  )
  await page.getByTestId('leave').focus()
  await page.keyboard.press('Enter')
  await page.getByTestId('end-screen').waitFor()
  await page.context().close()
})
