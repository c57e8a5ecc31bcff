import type { Browser, Page } from 'playwright-core'
import { openPage, pageScript } from './browser.ts'
import { patterns, type Pattern, type PatternName, type PatternSending } from './call-pattern.ts'
import { until } from './until.ts'

/** Moments of all that somebody sent: the middles of tones, the clock in pictures. */
export interface SentPatterns {
  readonly tones: readonly number[]
  readonly camera: readonly number[]
  readonly screen: readonly number[]
  /** How many pictures the browser had encoded when it was last asked to count, of the largest layer. */
  readonly encoded: { readonly camera: number; readonly screen: number }
}

/** Somebody in a browser who sends their pattern. Moments are milliseconds since 1970. */
export class PatternCaller {
  readonly name: PatternName
  readonly pattern: Pattern
  readonly page: Page
  /** Errors of the page. */
  readonly complaints: string[]

  /** Enters without sending anything yet. Without a token as a guest; who does not listen receives nothing of the others. */
  static async join(
    browser: Browser,
    {
      url,
      room,
      name,
      token,
      listens = true,
    }: { url: string; room: string; name: PatternName; token?: string; listens?: boolean },
  ): Promise<PatternCaller> {
    const { page, complaints } = await openPage(browser, `${url}/healthz`, { bypassCSP: true })
    await page.addScriptTag({ content: await pageScript('call-pattern-page.ts') })
    const caller = new PatternCaller(name, page, complaints)
    await caller.#ask('join', { pattern: caller.pattern, room, name, token, listens })
    return caller
  }

  private constructor(name: PatternName, page: Page, complaints: string[]) {
    this.name = name
    this.pattern = patterns[name]
    this.page = page
    this.complaints = complaints
  }

  /** Records the room; returns the id of the recording. */
  record(): Promise<string> {
    return this.#ask('record')
  }

  /** Returns until when it certainly went on. */
  stopRecording(): Promise<number> {
    return this.#ask('stopRecording')
  }

  /** Camera and microphone; returns when the first picture was drawn. */
  publish(how: PatternSending = {}): Promise<number> {
    return this.#ask('publish', how)
  }

  /** Returns when nothing more is sent. */
  mute(): Promise<number> {
    return this.#ask('mute', true)
  }

  /** Returns before when nothing was sent. */
  unmute(): Promise<number> {
    return this.#ask('mute', false)
  }

  /** Returns when the server has it. */
  share(): Promise<number> {
    return this.#ask('share')
  }

  /** Returns until when it was certainly shared. */
  stopSharing(): Promise<number> {
    return this.#ask('stopSharing')
  }

  /** Returns until when they were certainly there. */
  async leave(): Promise<number> {
    const at = await this.#ask<number>('leave')
    await this.close()
    return at
  }

  close(): Promise<void> {
    return this.page.context().close()
  }

  /** Waits until so many more of this one's tones are over: the call goes on by the pattern's own time. */
  async sounds(count: number): Promise<void> {
    const before = await this.#ask<number>('toneCount')
    await until(`${count} tones of ${this.name} are over`, async () => {
      return (await this.#ask<number>('toneCount')) >= before + count
    })
  }

  /** Counts what was encoded until now, for `sent`. */
  countEncoded(): Promise<void> {
    return this.#ask('countEncoded')
  }

  /** What was sent until now. */
  sent(): Promise<SentPatterns> {
    return this.#ask('sent')
  }

  #ask<T>(act: string, argument?: unknown): Promise<T> {
    return this.page.evaluate(`call.${act}(${JSON.stringify(argument) ?? ''})`)
  }
}
