// The states of the pages around the call that are looked at and checked; `act` gets into them.
import { meetingStates } from './meeting-states.mjs'
import { recordingStates } from './recording-states.mjs'

export const base = (process.env.GALLERY ?? 'http://127.0.0.1:5173/gallery.html').replace(
  'gallery',
  'app-gallery',
)

const click = (name) => (page) => page.getByRole('button', { name, exact: true }).first().click()
const logIn = (password) => async (page) => {
  await page.getByLabel('E-mail').fill('imani.okafor@example.org')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByTestId('log-in').click()
}
const steps =
  (...acts) =>
  async (page) => {
    for (const act of acts) {
      await act(page)
      await page.waitForTimeout(250)
    }
  }

export const appStates = {
  ...meetingStates,
  ...recordingStates,
  login: { at: '/login' },
  'login-wrong': { at: '/login', act: logIn('wrong-credentials') },
  'login-unverified': { at: '/login', act: logIn('not-verified') },
  'login-code': { at: '/login', act: logIn('second') },
  'login-external': { at: '/login', query: 'external' },
  'login-needed': { at: '/account' },
  register: { at: '/register' },
  'register-wrong': { at: '/register', act: click('Create the account') },
  'register-admin': { at: '/register?setUpCode=ABCD-EFGH', query: 'set-up' },
  'register-closed': { at: '/register', query: 'registration=invited' },
  'register-sent': {
    at: '/register',
    act: steps(async (page) => {
      await page.getByLabel('Name').fill('Imani Okafor')
      await page.getByLabel('E-mail').fill('imani.okafor@example.org')
      await page.getByLabel('Password', { exact: true }).fill('river otter at dawn')
      await page.getByRole('checkbox').check()
    }, click('Create the account')),
  },
  'verify-good': { at: '/verify?token=good' },
  'verify-old': { at: '/verify?token=old' },
  forgot: { at: '/forgot' },
  reset: { at: '/reset?token=good' },
  account: { at: '/account', as: 'host' },
  'account-email': { at: '/account', as: 'host', act: click('Change') },
  'account-menu': { at: '/account', as: 'admin', act: click('Your account') },
  security: { at: '/account/security', as: 'host' },
  'security-failing': { at: '/account/security', as: 'host', mood: 'failing' },
  'second-set-up': { at: '/account/security', as: 'host', act: click('Set up') },
  'second-codes': {
    at: '/account/security',
    as: 'host',
    act: steps(click('Set up'), async (page) => {
      await page.getByLabel('The code the app shows').fill('123456')
      await page.keyboard.press('Enter')
    }),
  },
  'second-on': { at: '/account/security', as: 'host', query: 'second-factor', act: click('Switch off') },
  data: { at: '/account/data', as: 'host', act: click('Make an address') },
  'delete-account': { at: '/account/data', as: 'host', act: click('Delete my account') },
  'not-allowed': { at: '/admin/users', as: 'host' },
  users: { at: '/admin/users', as: 'admin' },
  'users-long': { at: '/admin/users', as: 'admin', mood: 'long' },
  'users-empty': { at: '/admin/users?search=zzz', as: 'admin', mood: 'empty' },
  'users-slow': { at: '/admin/users', as: 'admin', mood: 'slow' },
  'users-failing': { at: '/admin/users', as: 'admin', mood: 'failing' },
  'users-menu': { at: '/admin/users', as: 'admin', act: click('Actions for Jonas Weber') },
  'users-new': { at: '/admin/users', as: 'admin', act: click('New user') },
  'users-edit': {
    at: '/admin/users',
    as: 'admin',
    act: steps(click('Actions for Jonas Weber'), click('Name and role')),
  },
  'users-delete': {
    at: '/admin/users',
    as: 'admin',
    act: steps(click('Actions for Jonas Weber'), click('Delete')),
  },
  keys: { at: '/admin/api-keys', as: 'admin' },
  'keys-empty': { at: '/admin/api-keys', as: 'admin', mood: 'empty' },
  'keys-made': {
    at: '/admin/api-keys',
    as: 'admin',
    act: steps(click('New key'), async (page) => {
      await page.getByLabel('Name', { exact: true }).fill('Classroom backend')
      await page.keyboard.press('Enter')
    }),
  },
  rooms: { at: '/admin/rooms', as: 'admin' },
  'rooms-long': { at: '/admin/rooms', as: 'admin', mood: 'long' },
  'rooms-empty': { at: '/admin/rooms', as: 'admin', mood: 'empty' },
  'rooms-remove': { at: '/admin/rooms', as: 'admin', act: click('Remove Jonas Weber') },
  audit: { at: '/admin/audit', as: 'admin' },
  'audit-filtered': { at: '/admin/audit?actor=acc_0&action=user.changed', as: 'admin', mood: 'long' },
  'audit-empty': { at: '/admin/audit?from=2026-11-01', as: 'admin', mood: 'empty' },
}

export async function openAppState(page, { at, as = 'nobody', mood = 'fine', query = '', act }, theme) {
  await page.goto(`${base}?at=${encodeURIComponent(at)}&as=${as}&mood=${mood}&theme=${theme}&${query}`)
  await page.locator('#root h1').first().waitFor({ state: 'attached' })
  await page.waitForLoadState('networkidle')
  await page.waitForTimeout(300)
  if (!act) return
  await act(page)
  await page.waitForTimeout(450)
}
