import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPage } from './support/browser.ts'
import { useStage } from './support/stage.ts'
import { until } from './support/until.ts'

const stage = useStage()

const link = 'http://localhost:4443/verify?token=a-b_c&x="<1>'

async function sendOne(): Promise<void> {
  const { mailer } = await stage.server.app.services()
  await mailer.send({
    to: 'ana@example.org',
    kind: 'verify',
    subject: 'Verify <b>you</b> & "me"',
    text: `Hello Ana <script>alert(1)</script>,\nopen ${link}.`,
    html: `<h1>Hello</h1><p style="color: rgb(200, 0, 0)">Ana</p><a href="http://localhost/verified">Verify</a>
      <script>document.body.dataset.ran = 'yes'</script><img src="http://127.0.0.1:9/track.png">`,
    attachments: [
      {
        filename: 'meeting.ics',
        contentType: 'text/calendar',
        content: 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n',
      },
    ],
  })
}

async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${stage.server.url}${path}`, { headers })
}

test('a mail is on the page of kept mails, with its links, its HTML and what is attached', async () => {
  await sendOne()
  const { page, context, complaints } = await openPage(stage.browser, `${stage.server.url}/mails`)
  await until('the mail is in the list', async () => {
    await page.getByRole('link', { name: 'Look again' }).click()
    return page.getByRole('link', { name: /to ana@example\.org/ }).isVisible()
  })
  await page.getByRole('link', { name: /to ana@example\.org/ }).click()
  await page.getByRole('heading', { name: 'Verify <b>you</b> & "me"' }).waitFor()
  const text = page.getByRole('region', { name: 'Text' })
  assert.match(await text.innerText(), /Hello Ana <script>alert\(1\)<\/script>,\nopen http/)
  assert.equal(
    await text.getByRole('link').first().getAttribute('href'),
    'http://localhost:4443/verify?token=a-b_c&x=',
  )

  const frame = page.frameLocator('iframe')
  await frame.getByRole('heading', { name: 'Hello' }).waitFor()
  const colour = await frame.getByText('Ana').evaluate((element) => {
    // This project has no DOM types on the server's side.
    const { getComputedStyle } = globalThis as unknown as {
      getComputedStyle: (of: unknown) => { color: string }
    }
    return getComputedStyle(element).color
  })
  assert.equal(colour, 'rgb(200, 0, 0)')
  assert.equal(await frame.locator('body').getAttribute('data-ran'), null, 'its script does not run')

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'meeting.ics' }).click(),
  ])
  assert.equal(download.suggestedFilename(), 'meeting.ics')
  // The browser tells that it did not run the mail's script and did not load its picture, and nothing else.
  const others = complaints.filter((complaint) => !/script|img-src|sandbox/i.test(complaint))
  assert.deepEqual(others, [])

  await page.setViewportSize({ width: 360, height: 640 })
  const width = await page.evaluate('document.documentElement.scrollWidth')
  assert.equal(width, 360, 'nothing sticks out on a phone')
  await context.close()
})

test('kept mails are for this machine only, by its own name and not through a proxy', async () => {
  assert.equal((await get('/mails')).status, 200)
  assert.equal((await get('/mails', { 'x-forwarded-for': '127.0.0.1' })).status, 200)
  for (const headers of [
    { 'x-forwarded-for': '203.0.113.7' },
    { 'x-forwarded-for': '127.0.0.1, 203.0.113.7' },
    { forwarded: 'for=203.0.113.7' },
    { 'x-real-ip': '203.0.113.7' },
    { via: '1.1 proxy' },
    { origin: 'https://elsewhere.example' },
  ]) {
    const answer = await get('/mails', headers as unknown as Record<string, string>)
    assert.equal(answer.status, 404, JSON.stringify(headers))
  }
  // fetch does not let anybody choose this one.
  const { app } = stage.server
  for (const [host, status] of [
    ['localhost:4443', 200],
    ['[::1]:4443', 200],
    ['rebound.example:4443', 404],
  ] as const) {
    const answer = await app.http.inject({ url: '/mails', headers: { host }, remoteAddress: '127.0.0.1' })
    assert.equal(answer.statusCode, status, host)
  }
  const elsewhere = await app.http.inject({
    url: '/mails',
    headers: { host: 'localhost' },
    remoteAddress: '192.0.2.1',
  })
  assert.equal(elsewhere.statusCode, 404)
})

test('no name of a mail leads elsewhere in the data folder', async () => {
  for (const name of ['..%2fsecret', '..%2f..%2fdb.lock', 'x', '20261120T140500123Z-..%2f..%2fsecret']) {
    assert.equal((await get(`/mails/${name}`)).status, 404, name)
  }
})
