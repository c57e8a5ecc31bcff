/* global window */
// The states of the gallery that are looked at and checked, and how to get into them.
import { chromium } from 'playwright-core'
import { appStates, openAppState } from './app-states.mjs'
import { makeMedia } from './media.mjs'

export const base = process.env.GALLERY ?? 'http://127.0.0.1:5173/gallery.html'
export const sizes = {
  desk: [1440, 900],
  laptop: [1280, 800],
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
  'waiting-lobby': 'page=waiting&why=lobby',
  'waiting-host': 'page=waiting&why=host&camera=off',
  'host-knock': 'page=call&count=4&host&knocks=1',
  'host-knocks': 'page=call&count=6&host&knocks=4',
  'host-people': 'page=call&count=16&host&knocks=3&hands=3&spotlight=4#participants-toggle',
  'host-person': 'page=call&count=7&host&hands=2#person-menu',
  'host-controls': 'page=call&count=5&host&hands=2&banned=2#host-controls',
  'host-leave': 'page=call&count=4&host#leave-more',
  'host-remove': 'page=call&count=4&host#remove',
  'host-end': 'page=call&count=4&host#end',
  hands: 'page=call&count=9&hands=4',
  spotlight: 'page=call&count=6&spotlight=2&hands=1',
  restricted: 'page=call&count=4&restricted',
  'restricted-chat': 'page=call&count=4&restricted&messages=4#chat-toggle',
  asked: 'page=call&count=4#asked',
  'recording-notice': 'page=call&count=4&recording=notice',
  'recording-consent': 'page=call&count=4&recording=ask',
  'recording-declined': 'page=call&count=4&recording=ask#recording-decline',
  'recording-details': 'page=call&count=4&recording=ask#recording-decline,recording-mark',
  'recording-host': 'page=call&count=4&host&recording=notice&recording-own',
  'recording-health': 'page=call&count=4&host&recording=ask&recording-own&recording-bad#recording-mark',
  'recording-start': 'page=call&count=3&host#record-toggle',
  'recording-refused': 'page=call&count=9&host#record-toggle,record-start',
  'recording-busy': 'page=call&count=5&host&knocks=1&reconnecting&recording=notice',
  denied: 'page=end&why=denied',
  removed: 'page=end&why=removed',
  banned: 'page=end&why=banned',
  ended: 'page=end&why=ended',
  locked: 'page=join&error=room-locked',
  left: 'page=end&why=left',
  lost: 'page=end&why=lost',
  ...appStates,
}

export const phones = ['phone', 'wide', 'tiny']

export async function launch() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--disable-background-networking',
      '--autoplay-policy=no-user-gesture-required',
    ],
  })
  await makeMedia(browser)
  return browser
}

export async function openState(page, state, theme) {
  if (typeof state !== 'string') return openAppState(page, state, theme)
  const [path, act] = state.split('#')
  await page.goto(`${base}?${path}&theme=${theme}`)
  await page.locator('#root > *').first().waitFor()
  await page.waitForTimeout(700)
  for (const each of act?.split(',') ?? []) await perform(page, each)
}

async function perform(page, act) {
  if (!act) return
  const more = page.getByRole('button', { name: /^More(,|$)/ })
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
  } else if (act === 'asked') await page.evaluate(() => window.fakeCall.ask('microphone'))
  else if (act === 'person-menu' || act === 'remove') {
    await perform(page, 'participants-toggle')
    await page.getByTestId('person-menu').nth(3).click()
    if (act === 'remove') await page.getByRole('button', { name: 'Remove…' }).click()
  } else if (act === 'leave-more' || act === 'end') {
    if (await page.getByTestId('leave-more').count()) await page.getByTestId('leave-more').click()
    else await more.click()
    if (act === 'end') await page.getByRole('button', { name: 'End for everybody…' }).click()
  } else {
    if (!(await page.getByTestId(act).count())) await more.click()
    await page.getByTestId(act).click()
  }
  await page.waitForTimeout(500)
}
