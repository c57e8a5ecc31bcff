import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { openPage, seesAndHears, startBrowser } from './support/browser.ts'
import { Caller } from './support/caller.ts'
import { startServer } from './support/server.ts'
import { until } from './support/until.ts'

/** Whatever goes wrong, the page says it in words and offers a way on. */

let browser: Browser
before(async () => (browser = await startBrowser()))
after(() => browser?.close())

test('a full room is said on the join page, and joining works once somebody has left', async () => {
  const server = await startServer({ SLUICE_LIMITS_PEERS_PER_ROOM: '1' })
  try {
    const ana = await Caller.join(browser, { url: server.url, room: 'full', name: 'Ana' })
    const { page } = await openPage(browser, `${server.url}/r/full`)
    await page.getByTestId('name-input').fill('Ben')
    await page.getByTestId('join-button').click()
    await page.getByTestId('error').filter({ hasText: /full/i }).waitFor()
    await ana.leave()
    await until('there is room again', () => server.app.rooms.list().every((room) => room.peerCount === 0))
    await page.getByTestId('join-button').click()
    await page.getByTestId('leave').waitFor()
    await page.context().close()
  } finally {
    await server.close()
  }
})

test('a server that lets nobody in says so', async () => {
  const server = await startServer({ SLUICE_ROOMS_GUESTS: 'refuse' })
  try {
    const { page, context } = await openPage(browser, `${server.url}/r/closed`)
    await page.getByTestId('name-input').fill('Ana')
    await page.getByTestId('join-button').click()
    const error = page.getByTestId('error').first()
    await error.waitFor()
    assert.match((await error.textContent()) ?? '', /invitation|sign in|token|allowed|not let/i)
    await context.close()
  } finally {
    await server.close()
  }
})

test('a server that goes is said in the call, and the call goes on when it is back', async () => {
  const server = await startServer()
  const ana = await Caller.join(browser, { url: server.url, room: 'gone', name: 'Ana' })
  const ben = await Caller.join(browser, { url: server.url, room: 'gone', name: 'Ben' })
  await seesAndHears(ana.page, 1)
  await server.close()
  await ana.page.getByTestId('connection-banner').waitFor()
  const again = await startServer({ SLUICE_HTTP_PORT: String(server.port) })
  try {
    await ana.page.getByTestId('connection-banner').waitFor({ state: 'detached' })
    await Promise.all([seesAndHears(ana.page, 1), seesAndHears(ben.page, 1)])
    await Promise.all([ana.leave(), ben.leave()])
  } finally {
    await again.close()
  }
})

test('without a camera, or when it is blocked, the page says what to do and one can join all the same', async () => {
  const server = await startServer()
  const bare = await startBrowser([], { devices: false })
  try {
    const { page } = await openPage(bare, `${server.url}/r/bare`)
    await page
      .getByText(/no camera/i)
      .first()
      .waitFor()
    await page.getByTestId('name-input').fill('Ana')
    await page.getByTestId('join-button').click()
    await page.getByTestId('leave').waitFor()
    await until('she is in the room', () => server.app.rooms.list()[0]?.joinedPeers.length === 1)
    await page.context().close()

    const asking = await startBrowser([], { permission: 'deny' })
    try {
      const { page: denied } = await openPage(asking, `${server.url}/r/denied`)
      await denied
        .getByText(/blocked/i)
        .first()
        .waitFor()
      await denied.getByTestId('name-input').fill('Ben')
      await denied.getByTestId('join-button').click()
      await denied.getByTestId('leave').waitFor()
    } finally {
      await asking.close()
    }
  } finally {
    await bare.close()
    await server.close()
  }
})

test('a worker that dies is a short gap in the call, not its end', async () => {
  const server = await startServer()
  try {
    const ana = await Caller.join(browser, { url: server.url, room: 'gap', name: 'Ana' })
    const ben = await Caller.join(browser, { url: server.url, room: 'gap', name: 'Ben' })
    await seesAndHears(ana.page, 1)
    process.kill(server.app.workerStatus()[0]!.pid!, 'SIGKILL')
    await until('the worker is replaced', () => server.app.workerStatus()[0]!.deaths === 1)
    await Promise.all([seesAndHears(ana.page, 1), seesAndHears(ben.page, 1)])
    await Promise.all([ana.leave(), ben.leave()])
  } finally {
    await server.close()
  }
})

test('an address where nothing is says so, to people as a page and to programs with a code', async () => {
  const server = await startServer()
  try {
    const { page, context } = await openPage(browser, `${server.url}/no/such/place`)
    await page.getByText(/nothing here/i).waitFor()
    await context.close()
    const answer = await fetch(`${server.url}/no/such/place`, { headers: { accept: 'application/json' } })
    assert.equal(answer.status, 404)
    assert.equal(((await answer.json()) as { code: string }).code, 'not-found')
  } finally {
    await server.close()
  }
})
