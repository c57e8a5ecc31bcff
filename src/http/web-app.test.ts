import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { serveWebApp } from './web-app.ts'

test('the page is asked for anew each time, and what it names by a hash never again', async () => {
  const app = Fastify()
  await serveWebApp(app)
  const page = await app.inject({ url: '/recordings' })
  assert.equal(page.statusCode, 200)
  assert.equal(page.headers['cache-control'], 'no-cache')
  const script = /\/assets\/[^"]+\.js/.exec(page.body)![0]
  const asset = await app.inject({ url: script, headers: { 'accept-encoding': 'br' } })
  assert.equal(asset.statusCode, 200)
  assert.equal(asset.headers['content-encoding'], 'br')
  assert.equal(asset.headers['cache-control'], 'public, max-age=31536000, immutable')
  await app.close()
})
