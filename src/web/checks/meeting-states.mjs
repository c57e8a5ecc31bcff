// The states of the pages of meetings and calls that are looked at and checked.
const click = (name) => (page) => page.getByRole('button', { name, exact: true }).first().click()

const custom = async (page) => {
  await page.getByLabel('Repeat', { exact: true }).selectOption('custom')
  await page.getByLabel('On a day').check()
  await page.getByLabel('Passcode', { exact: true }).check()
  await page.getByTestId('invitee-input').fill('ben@example.org, chloe@example.org; jonas@')
  await page.keyboard.press('Enter')
}

export const meetingStates = {
  welcome: { at: '/' },
  'welcome-setup': { at: '/', query: 'set-up' },
  'welcome-closed': { at: '/', query: 'no-guests&registration=invited' },
  dashboard: { at: '/', as: 'host', query: 'ringing' },
  'dashboard-empty': { at: '/', as: 'host', mood: 'empty' },
  'dashboard-failing': { at: '/', as: 'host', mood: 'failing' },
  'dashboard-slow': { at: '/', as: 'host', mood: 'slow' },
  'dashboard-member': { at: '/', as: 'member' },
  'meeting-new': { at: '/meetings/new', as: 'host' },
  'meeting-new-custom': { at: '/meetings/new', as: 'host', act: custom },
  'meeting-new-wrong': { at: '/meetings/new', as: 'host', act: click('Schedule') },
  'meeting-edit': { at: '/meetings/mtg_2/edit', as: 'host' },
  'meeting-host': { at: '/meetings/mtg_2', as: 'host' },
  'meeting-menu': { at: '/meetings/mtg_2', as: 'host', act: click('More for this meeting') },
  'meeting-delete': {
    at: '/meetings/mtg_2',
    as: 'host',
    act: async (page) => {
      await click('More for this meeting')(page)
      await click('Delete')(page)
    },
  },
  'meeting-invitee': { at: '/meetings/mtg_1', as: 'member' },
  'meeting-none': { at: '/meetings/none', as: 'host' },
  'enter-guest': { at: '/m/abc-defg-hjk' },
  'enter-live': { at: '/m/abc-defg-hjk', as: 'host', query: 'code=live' },
  'enter-wrong': {
    at: '/m/abc-defg-hjk',
    act: async (page) => {
      await page.getByTestId('name-input').fill('Samir')
      await page.getByTestId('passcode').fill('123456')
      await page.getByTestId('join-button').click()
    },
  },
  'enter-ended': { at: '/m/abc-defg-hjk', query: 'code=ended' },
  'enter-cancelled': { at: '/m/abc-defg-hjk', as: 'host', query: 'code=cancelled' },
  'enter-none': { at: '/m/abc-defg-hjk', query: 'code=not-found' },
  history: {
    at: '/history',
    as: 'host',
    act: (page) => page.getByRole('button', { name: 'Who was there' }).first().click(),
  },
  'history-empty': { at: '/history', as: 'host', mood: 'empty' },
  'history-calls': { at: '/history?show=calls', as: 'host' },
  'call-new': { at: '/calls/new?type=audio&to=ben@example.org&name=Ben', as: 'host' },
}
