/* global window */
// The states of the gallery that are looked at and checked, and how to get into them.
import { chromium } from 'playwright-core'

export const base = process.env.GALLERY ?? 'http://127.0.0.1:5173/gallery.html'
export const sizes = {
  desk: [1440, 900],
  small: [1024, 700],
  phone: [390, 844],
  wide: [844, 390],
  tiny: [360, 640],
}
export const states = {
  home: 'page=home',
  join: 'page=join',
  'join-asking': 'page=join&camera=asking&name=',
  'join-denied': 'page=join&camera=denied',
  'join-mixed': 'page=join&camera=busy&microphone=on',
  'join-full': 'page=join&error=limit-exceeded&camera=off',
  ...Object.fromEntries([1, 2, 3, 5, 9, 16, 49].map((n) => [`call-${n}`, `page=call&count=${n}`])),
  'call-2-off': 'page=call&count=2&off&mine-off',
  'speaker-9': 'page=call&count=9&view=speaker',
  'speaker-49': 'page=call&count=49&view=speaker',
  'share-6': 'page=call&count=6&shares=1',
  'share-2x': 'page=call&count=5&shares=2',
  banners: 'page=call&count=4&reconnecting&blocked',
  chat: 'page=call&count=5&messages=8#chat-toggle',
  'chat-empty': 'page=call&count=2#chat-toggle',
  people: 'page=call&count=16#participants-toggle',
  more: 'page=call&count=3#more',
  settings: 'page=call&count=3#settings',
  help: 'page=call&count=3#help',
  notices: 'page=call&count=4#notices',
  hidden: 'page=call&count=2&self=hidden',
  left: 'page=end&why=left',
  lost: 'page=end&why=lost',
}

export const phones = ['phone', 'wide', 'tiny']

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--disable-background-networking',
      '--autoplay-policy=no-user-gesture-required',
    ],
  })
}

export async function openState(page, state, theme) {
  const [path, act] = state.split('#')
  await page.goto(`${base}?${path}&theme=${theme}`)
  await page.locator('#root > *').first().waitFor()
  await page.waitForTimeout(700)
  await perform(page, act)
}

async function perform(page, act) {
  if (!act) return
  const more = page.getByRole('button', { name: 'More', exact: true })
  if (act === 'more') await more.click()
  else if (act === 'help') await page.keyboard.press('?')
  else if (act === 'settings') {
    await more.click()
    await page.getByRole('button', { name: 'Settings' }).click()
  } else if (act === 'notices') {
    await page.evaluate(() => {
      for (const name of ['Tuva', 'Samir', 'Priya']) window.fakeCall.come(name)
      window.fakeCall.fail('Your camera is in use by another program.')
      window.fakeCall.receiveChat('Are you there?')
    })
    await page.waitForTimeout(1700)
  } else {
    if (!(await page.getByTestId(act).count())) await more.click()
    await page.getByTestId(act).click()
  }
  await page.waitForTimeout(500)
}
