import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
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
