import type { DeviceKind } from '../call/call.ts'

/** How it stands with the own camera or microphone before joining, and what to tell people about it. */
export type DeviceState = 'off' | 'asking' | 'on' | 'denied' | 'missing' | 'busy' | 'insecure' | 'failed'

export type Capture = 'microphone' | 'camera'

export interface DeviceProblem {
  readonly title: string
  readonly help: string
  /** Whether asking once more can help without doing anything else first. */
  readonly retry: boolean
}

const states: Record<string, DeviceState> = {
  'permission-denied': 'denied',
  'device-not-found': 'missing',
  'device-in-use': 'busy',
  'device-unsuitable': 'failed',
  'insecure-context': 'insecure',
  'unsupported-browser': 'insecure',
}

/** From the `code` of an error of the SDK. */
export function stateOfError(error: unknown): DeviceState {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  return states[code] ?? 'failed'
}

export type Browser = 'firefox' | 'safari' | 'ios' | 'android' | 'chromium'

export function browserOf(userAgent: string): Browser {
  if (/iPhone|iPad|iPod/.test(userAgent)) return 'ios'
  if (/Firefox\//.test(userAgent)) return 'firefox'
  if (/Android/.test(userAgent)) return 'android'
  if (/Safari\//.test(userAgent) && !/Chrom(e|ium)\//.test(userAgent)) return 'safari'
  return 'chromium'
}

function allowHelp(browser: Browser, what: string): string {
  switch (browser) {
    case 'firefox':
      return `Click the crossed-out symbol at the left of the address bar, remove the block for the ${what}, then try again.`
    case 'safari':
      return `Choose Safari › Settings for this website, set ${what} to Allow, then try again.`
    case 'ios':
      return `Tap the page menu beside the address, open Website Settings, allow the ${what}, then try again. Also look in Settings › Privacy.`
    case 'android':
      return `Tap the symbol at the left of the address, open Permissions, allow the ${what}, then try again.`
    case 'chromium':
      return `Click the symbol at the left of the address, switch the ${what} on, then try again.`
  }
}

/** `both`: the same thing happened to camera and microphone, so one text speaks for the two. */
export function describeProblem(
  state: DeviceState,
  capture: Capture | 'both',
  browser: Browser,
): DeviceProblem | undefined {
  const what = capture === 'both' ? 'camera and microphone' : capture
  const verb = capture === 'both' ? 'are' : 'is'
  switch (state) {
    case 'denied':
      return { title: `Your ${what} ${verb} blocked`, help: allowHelp(browser, what), retry: true }
    case 'missing':
      return {
        title: `No ${capture === 'both' ? 'camera or microphone' : what} found`,
        help: 'Plug one in and it will be used, or join without.',
        retry: true,
      }
    case 'busy':
      return {
        title: `Your ${what} ${verb} in use`,
        help: 'Another program or tab holds it. Close that one, then try again, or join without.',
        retry: true,
      }
    case 'insecure':
      return {
        title: `This browser offers no ${capture === 'both' ? 'camera or microphone' : what} here`,
        help: 'Browsers do so only on pages served over HTTPS (or on this same computer). You can still watch and listen.',
        retry: false,
      }
    case 'failed':
      return { title: `Your ${what} did not start`, help: 'Try again or choose another one.', retry: true }
    case 'off':
    case 'asking':
    case 'on':
      return undefined
  }
}

export const deviceKinds: Record<Capture, DeviceKind> = { microphone: 'audioinput', camera: 'videoinput' }
