import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { rolldown } from 'rolldown'
import { findChromium } from '../../../scripts/chromium.ts'
import { until } from './until.ts'

export interface BrowserOptions {
  /** Default true: a moving picture with a beep each second. */
  readonly devices?: boolean
  /** What the browser answers for the person when a page asks for a device. */
  readonly permission?: 'grant' | 'deny'
  /** Environment variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>
}

/** Chromium with fake devices, and no question asked. */
export async function startBrowser(
  extraArguments: readonly string[] = [],
  { devices = true, permission = 'grant', env = {} }: BrowserOptions = {},
): Promise<Browser> {
  const executablePath = findChromium()
  if (!executablePath) throw new Error('no Chromium: npm test installs it, or set CHROMIUM_PATH')
  return chromium.launch({
    executablePath,
    env: { ...process.env, ...env },
    args: [
      '--no-sandbox',
      ...(devices ? ['--use-fake-device-for-media-stream'] : []),
      `--use-fake-ui-for-media-stream${permission === 'deny' ? '=deny' : ''}`,
      '--autoplay-policy=no-user-gesture-required',
      '--auto-select-desktop-capture-source=Entire screen',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-quic',
      '--no-first-run',
      // A tab that is not in front must go on sending and receiving at full rate.
      '--disable-background-timer-throttling',
      '--disable-backgrounding-occluded-windows',
      '--disable-renderer-backgrounding',
      ...extraArguments,
    ],
  })
}

/** One track that arrives, as the browser's own statistics say. */
export interface ReceivedTrack {
  readonly kind: 'audio' | 'video'
  readonly mid: string
  readonly trackIdentifier: string
  readonly framesDecoded: number
  readonly frameWidth?: number
  readonly frameHeight?: number
  readonly totalAudioEnergy: number
  readonly packetsReceived: number
  readonly packetsLost: number
  /** In seconds. */
  readonly jitter: number
  readonly freezeCount: number
}

export interface SentEncoding {
  readonly kind: 'audio' | 'video'
  readonly rid?: string
  readonly packetsSent: number
  readonly framesEncoded: number
  readonly frameWidth?: number
  readonly frameHeight?: number
  readonly active?: boolean
  readonly scalabilityMode?: string
  readonly codec?: string
}

const folder = join(import.meta.dirname, '..', 'browser')
const probe = readFileSync(join(folder, 'probe.js'), 'utf8')

/** A page of its own context, so that nobody shares storage, with the probe in it. What it complains of is in `complaints`. */
export async function openPage(
  browser: Browser,
  url: string,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<{ page: Page; context: BrowserContext; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  await page.addInitScript(probe)
  await page.goto(url)
  return { page, context, complaints }
}

export function received(page: Page): Promise<ReceivedTrack[]> {
  return page.evaluate('received()')
}

export function sent(page: Page): Promise<SentEncoding[]> {
  return page.evaluate('sent()')
}

/** Waits until at least `count` video tracks decode new frames and `count` audio tracks bring sound. */
export async function seesAndHears(page: Page, count: number): Promise<void> {
  const first = new Map<string, ReceivedTrack>()
  const advancing = (
    now: ReceivedTrack[],
    kind: 'audio' | 'video',
    value: (track: ReceivedTrack) => number,
  ): number =>
    now.filter((track) => {
      const earlier = first.get(track.trackIdentifier)
      return track.kind === kind && earlier !== undefined && value(track) > value(earlier)
    }).length
  await until(
    `${count} others are seen and heard`,
    async () => {
      const now = await received(page)
      const seen = advancing(now, 'video', (track) => track.framesDecoded)
      const heard = advancing(now, 'audio', (track) => track.totalAudioEnergy)
      // A frame takes up to 100 ms and the fake microphone beeps once a second: each is compared with its first look.
      for (const track of now) {
        if (!first.has(track.trackIdentifier)) first.set(track.trackIdentifier, track)
      }
      return seen >= count && heard >= count
    },
    { patienceMs: 40_000, why: () => received(page) },
  )
}

const scripts = new Map<string, Promise<string>>()

/** A program of tests/browser as one script. */
export function pageScript(name: string): Promise<string> {
  const known = scripts.get(name) ?? bundle(join(folder, name))
  scripts.set(name, known)
  return known
}

async function bundle(input: string): Promise<string> {
  const build = await rolldown({ input, platform: 'browser', logLevel: 'silent' })
  const { output } = await build.generate({ format: 'iife' })
  await build.close()
  return output[0].code
}

/** A page at the server's address that holds the demo client and nothing of Sluice. */
export async function openDemoPage(
  browser: Browser,
  url: string,
): Promise<{ page: Page; complaints: string[] }> {
  const { page, complaints } = await openPage(browser, `${url}/healthz`, { bypassCSP: true })
  await page.addScriptTag({ content: await pageScript('demo-client.ts') })
  return { page, complaints }
}

/** Joins with the demo client; afterwards `demo` in the page is what it returned. */
export async function joinDemo(
  page: Page,
  options: { url: string; roomId: string; peerId: string; displayName: string },
): Promise<void> {
  const text = JSON.stringify({ ...options, url: options.url.replace('http', 'ws') })
  await page.evaluate(`demoJoin(${text}).then((joined) => { globalThis.demo = joined })`)
}
