import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { openPage } from './browser.ts'
import { until } from './until.ts'

/** Somebody in the web app: a tab of their own in which the room is joined. */
export class Caller {
  readonly name: string
  readonly page: Page
  /** Errors of the page, from its console and uncaught. */
  readonly complaints: string[]

  /** Opens the join page, types the name and clicks Join; resolves when the room page shows. */
  static async join(
    browser: Browser,
    options: { url: string; room: string; name: string; context?: BrowserContextOptions },
  ): Promise<Caller> {
    const { url, room, name, context = {} } = options
    const { page, complaints } = await openPage(browser, `${url}/r/${room}`, context)
    await page.getByTestId('name-input').fill(name)
    await page.getByTestId('join-button').click()
    await page.getByTestId('leave').waitFor()
    return new Caller(name, page, complaints)
  }

  private constructor(name: string, page: Page, complaints: string[]) {
    this.name = name
    this.page = page
    this.complaints = complaints
  }

  /** The tile of somebody, by the name on it. */
  tile(name: string, source: 'camera' | 'screen' = 'camera') {
    return this.page.locator(`[data-testid=tile][data-source=${source}]`).filter({ hasText: name })
  }

  /** Waits until a tile is described like this to a screen reader: its label says who, muted, camera off. */
  async sees(description: RegExp): Promise<void> {
    await until(
      `${this.name} sees ${description}`,
      async () => (await this.page.getByRole('group', { name: description }).count()) > 0,
      {
        why: () => this.page.getByTestId('tile').evaluateAll((tiles) => tiles.map((tile) => tile.ariaLabel)),
      },
    )
  }

  click(testId: string): Promise<void> {
    return this.page.getByTestId(testId).click()
  }

  /** Whether the picture in a tile moves. */
  async showsMovingPicture(name: string, source: 'camera' | 'screen' = 'camera'): Promise<void> {
    const video = this.tile(name, source).locator('video')
    let first: number | undefined
    await until(`${this.name} sees ${name} move`, async () => {
      const frames = await video.evaluate((element) => {
        // The element is a video; this project has no DOM types on the server's side.
        const playing = element as unknown as {
          videoWidth: number
          getVideoPlaybackQuality(): { totalVideoFrames: number }
        }
        return playing.videoWidth > 0 && playing.getVideoPlaybackQuality().totalVideoFrames
      })
      if (typeof frames !== 'number') return false
      first ??= frames
      return frames > first
    })
  }

  async leave(): Promise<void> {
    await this.page.context().close()
  }
}
