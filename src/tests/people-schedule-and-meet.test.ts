import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { goodPassword, person, type Person } from './support/accounts.ts'
import { openPage, seesAndHears } from './support/browser.ts'
import { useStage } from './support/stage.ts'
import { until } from './support/until.ts'

/** The web app without any other program: plan a meeting, share its code, meet, look who was there; and call somebody. */

// A new meeting begins at the next half hour; here whoever has the code may be early.
const stage = useStage({ SLUICE_MEETINGS_OPEN_MINUTES_BEFORE: '60' })

/** The name that the server gives itself in links, so that cookies go with them. */
const home = () => stage.server.url.replace('127.0.0.1', 'localhost')

interface Visitor {
  readonly person: Person
  readonly page: Page
  readonly context: BrowserContext
  readonly complaints: string[]
}

async function logIn(name: string): Promise<Visitor> {
  const who = await person(stage.server, { name, email: `${name.toLowerCase()}@example.org` })
  const visitor = await openPage(stage.browser, `${home()}/login`, {
    timezoneId: 'Europe/Berlin',
    locale: 'en-GB',
  })
  const { page } = visitor
  await page.getByLabel('E-mail', { exact: true }).fill(who.email)
  await page.getByLabel('Password', { exact: true }).fill(goodPassword)
  await page.getByTestId('log-in').click()
  await page.getByRole('heading', { name: new RegExp(`^Good .+, ${name}$`) }).waitFor()
  return { ...visitor, person: who }
}

test('somebody schedules a weekly meeting, changes it and cancels it', async () => {
  const ana = await logIn('Ana')
  const { page } = ana
  await page.getByText('Nothing more today').waitFor()

  // What is missing is said before anything is sent.
  await page.getByTestId('schedule').click()
  await page.getByTestId('meeting-save').click()
  await page.getByText('Say what it is about.').waitFor()
  await page.getByTestId('meeting-title').fill('Planing')
  await page.getByLabel('Repeat', { exact: true }).selectOption('weekly')
  await page.getByLabel('Passcode', { exact: true }).check()
  await page.getByTestId('meeting-passcode').fill('otter7')
  await page.getByTestId('invitee-input').fill('Chloé <chloe@example.org>; dan@example.org, eve@')
  await page.keyboard.press('Enter')
  await page.getByText('“eve@” is no e-mail address.').waitFor()
  await page.getByTestId('invitee-input').fill('')
  await page.getByTestId('meeting-save').click()
  await page.getByRole('heading', { level: 1, name: 'Planing' }).waitFor()
  await page.getByText(/^Every week on \w+day$/).waitFor()
  await page
    .getByText(/GMT\+[12]/)
    .first()
    .waitFor()
  await page.getByText('chloe@example.org').waitFor()
  const address = (await page.getByTestId('meeting-ics').getAttribute('href'))!
  const file = await page.request.get(new URL(address, home()).href)
  assert.match(await file.text(), /BEGIN:VEVENT[\s\S]*RRULE:FREQ=WEEKLY/)

  await page.getByTestId('meeting-more').click()
  await page.getByRole('link', { name: 'Edit' }).click()
  assert.equal(await page.getByTestId('meeting-passcode').inputValue(), 'otter7')
  assert.equal(await page.getByTestId('invitee-chip').count(), 2)
  await page.getByTestId('meeting-title').fill('Planning')
  await page.getByRole('button', { name: 'Remove dan@example.org' }).click()
  await page.getByTestId('meeting-save').click()
  await page.getByRole('heading', { level: 1, name: 'Planning' }).waitFor()
  await page.getByRole('heading', { name: 'Invited (1)' }).waitFor()
  const code = (await page.getByTestId('meeting-code').textContent())!

  // Cancelled, it is so for whoever has the code.
  await page.getByTestId('meeting-more').click()
  await page.getByTestId('meeting-cancel').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the meeting' }).click()
  await page.getByText('Cancelled', { exact: true }).waitFor()
  const guest = await openPage(stage.browser, `${home()}/m/${code}`)
  await guest.page.getByText('This meeting was cancelled').first().waitFor({ state: 'attached' })
  assert.deepEqual(ana.complaints, [])
  await Promise.all([ana.context.close(), guest.context.close()])
})

test('a guest who knows code and passcode meets the host, who ends it and sees who was there', async () => {
  const ana = await logIn('Mia')
  const { page } = ana
  const made = await ana.person.client.post('/meetings', {
    title: 'Planning',
    startsAt: new Date(Date.now() + 600_000).toISOString(),
    timeZone: 'Europe/Berlin',
    recurrence: 'FREQ=WEEKLY',
    passcode: 'otter7',
  })
  assert.equal(made.status, 201)
  const { id, code } = made.body as { id: string; code: string }
  const meetingPage = `${home()}/meetings/${id}`

  // On the home page it stands at its time, and starts from there.
  await page.reload()
  const row = page.getByTestId('meeting-row').filter({ hasText: 'Planning' })
  await row.getByTestId('meeting-join').click()
  await page.getByText('You join as').waitFor()
  await page.getByTestId('join-button').click()
  await page.getByTestId('leave').waitFor()

  const ben = await openPage(stage.browser, home(), { timezoneId: 'America/New_York' })
  await ben.page.getByTestId('join-what').fill(code.replaceAll('-', '').toUpperCase())
  await ben.page.keyboard.press('Enter')
  await ben.page.getByRole('heading', { name: 'Planning' }).waitFor()
  await ben.page.getByText(/^In its own time zone: .+GMT\+[12]/).waitFor()
  await ben.page.getByTestId('name-input').fill('Ben')
  await ben.page.getByTestId('join-button').click()
  await ben.page.getByText('Type the passcode of the invitation.').waitFor()
  await ben.page.getByTestId('passcode').fill('beaver')
  await ben.page.getByTestId('join-button').click()
  await ben.page.getByText('This passcode is not right.').waitFor()
  await ben.page.getByTestId('passcode').fill('otter7')
  await ben.page.getByTestId('join-button').click()
  await ben.page.getByTestId('leave').waitFor()
  await Promise.all([seesAndHears(page, 1), seesAndHears(ben.page, 1)])

  // Away and back again, the guest is the same person.
  await ben.page.getByTestId('leave').click()
  await ben.page.getByText('You left the meeting').first().waitFor({ state: 'attached' })
  await ben.page.getByTestId('rejoin').click()
  await ben.page.getByTestId('passcode').fill('otter7')
  await ben.page.getByTestId('join-button').click()
  await ben.page.getByTestId('leave').waitFor()
  await seesAndHears(page, 1)

  const elsewhere = await ana.context.newPage()
  await elsewhere.goto(meetingPage)
  const attendance = elsewhere.getByTestId('attendance')
  await attendance.getByRole('row').filter({ hasText: 'Ben' }).getByText('Here now').waitFor()
  await elsewhere.getByTestId('meeting-more').click()
  await elsewhere.getByTestId('meeting-end').click()
  await elsewhere.getByRole('dialog').getByRole('button', { name: 'End for everybody' }).click()
  for (const each of [page, ben.page]) {
    await each.getByTestId('end-screen').getByText('The meeting has ended').waitFor()
  }

  await until('the attendance is closed', async () => {
    await elsewhere.reload()
    await attendance.waitFor()
    return (await attendance.getByText('Here now').count()) === 0
  })
  const rows = attendance.getByRole('row')
  assert.equal(await rows.count(), 3, 'a head, Mia and Ben')
  await rows.filter({ hasText: 'Mia' }).waitFor()
  const his = (await rows.filter({ hasText: 'Ben' }).textContent())!
  assert.match(his, /Guest/)
  const [download] = await Promise.all([
    elsewhere.waitForEvent('download'),
    elsewhere.getByTestId('attendance-csv').click(),
  ])
  assert.equal(download.suggestedFilename(), 'Planning-attendance.csv')
  const csv = readFileSync(await download.path(), 'utf8')
  assert.match(csv, /,Mia,[\s\S]*,Ben,/)

  // It comes again in a week, and has been once.
  await elsewhere.goto(`${home()}/history`)
  const past = elsewhere.getByTestId('past-meeting').filter({ hasText: 'Planning' })
  await past.getByRole('button', { name: 'Who was there' }).click()
  await past.getByRole('row').filter({ hasText: 'Ben' }).waitFor()
  await ben.page.goto(`${home()}/m/${code}`)
  await ben.page.getByTestId('join-button').waitFor()

  await Promise.all([ana.context.close(), ben.context.close()])
})

test('somebody is called by address, answers, both see and hear each other, and both find the call in their history', async () => {
  const cleo = await logIn('Cleo')
  const dan = await logIn('Dan')
  await cleo.page.getByTestId('call-whom').fill('dan@example.org')
  await cleo.page.getByTestId('call-start').click()
  await cleo.page.getByTestId('join-button').click()
  await cleo.page.getByTestId('call-progress').getByText('Calling').waitFor()
  await dan.page.getByTestId('incoming-call').getByText('Cleo').waitFor()
  await dan.page.getByTestId('accept-call').click()
  await dan.page.getByTestId('leave').waitFor()
  await Promise.all([seesAndHears(cleo.page, 1), seesAndHears(dan.page, 1)])
  await cleo.page.getByTestId('call-progress').getByText('Calling').waitFor({ state: 'detached' })

  // Who hangs up ends a call of two.
  await dan.page.getByTestId('leave').click()
  await dan.page.getByTestId('end-screen').getByText('You left the call').waitFor()
  await cleo.page.getByTestId('end-screen').getByText('The call has ended').waitFor()
  for (const { page } of [cleo, dan]) {
    await until('the call is in the history', async () => {
      await page.goto(`${home()}/history?show=calls`)
      await page.getByTestId('call-row').first().waitFor({ timeout: 2000 })
      return true
    })
  }
  await cleo.page.getByTestId('call-row').getByText('Outgoing').waitFor()
  await dan.page.getByTestId('call-row').getByText('Incoming').waitFor()

  // Called again, and this time declined.
  await cleo.page.getByRole('link', { name: 'Call again: Dan' }).click()
  await cleo.page.getByTestId('join-button').click()
  await dan.page.getByTestId('decline-call').click()
  await cleo.page.getByTestId('end-screen').waitFor()
  await cleo.page.getByText('Dan declined').waitFor()
  await Promise.all([cleo.context.close(), dan.context.close()])
})

test('a code that leads nowhere says so, and a member of the server is told what a host may', async () => {
  const { page, context } = await openPage(stage.browser, `${home()}/m/abc-defg-hjk`)
  await page.getByText('No meeting with this code').first().waitFor({ state: 'attached' })
  await page.goto(`${home()}/meetings/new`)
  await page.getByText('Log in to see this page').waitFor()
  await context.close()
})
