import { after, before } from 'node:test'
import type { Browser } from 'playwright-core'
import { startBrowser } from './browser.ts'
import { startServer, type TestServer } from './server.ts'

/** A server and a browser for all tests of a file, there from the first test to the last. */
export function useStage(settings: Record<string, string> = {}): {
  readonly server: TestServer
  readonly browser: Browser
} {
  let server: TestServer
  let browser: Browser
  before(async () => {
    server = await startServer(settings)
    browser = await startBrowser()
  })
  after(async () => {
    await browser?.close()
    await server?.close()
  })
  return {
    get server() {
      return server
    },
    get browser() {
      return browser
    },
  }
}
