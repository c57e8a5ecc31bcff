import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPage } from './support/browser.ts'
import { useStage } from './support/stage.ts'

const stage = useStage()

test('the REST API can be read and tried in a browser that reaches nothing but this server', async () => {
  for (const viewport of [
    { width: 1280, height: 800 },
    { width: 360, height: 740 },
  ]) {
    const { url } = stage.server
    const { page, context, complaints } = await openPage(stage.browser, 'about:blank', {
      viewport,
      isMobile: viewport.width < 500,
    })
    const elsewhere: string[] = []
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith('data:')) elsewhere.push(request.url())
    })
    await page.goto(`${url}/api/docs`)
    await page.getByRole('heading', { name: /^Server/ }).click()
    await page
      .getByRole('button', { name: /get.*\/api\/v1\/server/ })
      .first()
      .click()
    await page.getByText('What this server offers').first().waitFor()
    await page.getByRole('button', { name: 'Try it out' }).click()
    await page.getByRole('button', { name: 'Execute' }).click()
    await page.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor()
    assert.equal(await page.title(), 'Sluice REST API')
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), viewport.width)
    assert.deepEqual(elsewhere, [])
    assert.deepEqual(complaints, [])
    await context.close()
  }
})

test('programs get the same document as JSON', async () => {
  const answer = await fetch(`${stage.server.url}/api/docs/json`)
  assert.match(answer.headers.get('content-type')!, /^application\/json/)
  const document = (await answer.json()) as { openapi: string; paths: Record<string, object> }
  assert.equal(document.openapi, '3.1.0')
  assert.ok(document.paths['/api/v1/server'])
})
