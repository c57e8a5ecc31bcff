import { lazy, type ComponentType } from 'react'
import { HomePage } from './home/home-page.tsx'

/** `account` asks people to log in first, and then shows the page at the same address. */
export type PageAccess = 'anyone' | 'account' | 'admin'

export interface PageProps {
  /** What the pattern names, decoded. */
  readonly params: Readonly<Record<string, string>>
}

export interface Route {
  readonly pattern: string
  readonly access: PageAccess
  readonly page: ComponentType<PageProps>
}

/** The page `name` of a file that comes when it is first needed. */
function later<N extends string>(load: () => Promise<Record<N, ComponentType<PageProps>>>, name: N) {
  return lazy(async () => ({ default: (await load())[name] }))
}

const account = () => import('./account/pages.ts')
const meetings = () => import('./meetings/pages.ts')
const entrance = () => import('./meetings/meeting-entrance.tsx')
const recordings = () => import('./recordings/pages.ts')
const shared = () => import('./recordings/shared-page.tsx')
const calls = () => import('./calls/call-pages.tsx')
const admin = () => import('./admin/pages.ts')

/** Every page but the room. The server answers these addresses with the app, too: see src/http/web-app.ts. */
export const routes: readonly Route[] = [
  { pattern: '/', access: 'anyone', page: HomePage },

  { pattern: '/login', access: 'anyone', page: later(account, 'LoginPage') },
  { pattern: '/register', access: 'anyone', page: later(account, 'RegisterPage') },
  { pattern: '/verify', access: 'anyone', page: later(account, 'VerifyPage') },
  { pattern: '/forgot', access: 'anyone', page: later(account, 'ForgotPage') },
  { pattern: '/reset', access: 'anyone', page: later(account, 'ResetPage') },
  { pattern: '/account', access: 'account', page: later(account, 'ProfilePage') },
  { pattern: '/account/security', access: 'account', page: later(account, 'SecurityPage') },
  { pattern: '/account/data', access: 'account', page: later(account, 'DataPage') },

  { pattern: '/admin', access: 'admin', page: later(admin, 'UsersPage') },
  { pattern: '/admin/users', access: 'admin', page: later(admin, 'UsersPage') },
  { pattern: '/admin/rooms', access: 'admin', page: later(admin, 'RoomsPage') },
  { pattern: '/admin/api-keys', access: 'admin', page: later(admin, 'ApiKeysPage') },
  { pattern: '/admin/audit', access: 'admin', page: later(admin, 'AuditPage') },

  { pattern: '/meetings/new', access: 'account', page: later(meetings, 'NewMeetingPage') },
  { pattern: '/meetings/:meetingId', access: 'account', page: later(meetings, 'MeetingPage') },
  { pattern: '/meetings/:meetingId/edit', access: 'account', page: later(meetings, 'EditMeetingPage') },
  { pattern: '/m/:code', access: 'anyone', page: later(entrance, 'MeetingEntrancePage') },
  { pattern: '/history', access: 'account', page: later(meetings, 'HistoryPage') },
  { pattern: '/recordings', access: 'account', page: later(recordings, 'RecordingsPage') },
  { pattern: '/recordings/shared/:token', access: 'anyone', page: later(shared, 'SharedPage') },
  { pattern: '/recordings/:recordingId', access: 'account', page: later(recordings, 'RecordingPage') },
  { pattern: '/calls/new', access: 'account', page: later(calls, 'NewCallPage') },
  { pattern: '/calls/:callId', access: 'account', page: later(calls, 'CallPage') },
]
