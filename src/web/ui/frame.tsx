import {
  ChartNoAxesColumn,
  CircleUser,
  Clapperboard,
  History,
  House,
  LogIn,
  LogOut,
  ScrollText,
  Users,
} from 'lucide-react'
import { useEffect, useRef, type ReactNode } from 'react'
import { logOut, useSession } from '../api/session.ts'
import type { Account } from '../api/types.ts'
import { explain } from '../api/errors.ts'
import { Avatar } from './avatar.tsx'
import { toast } from './feedback.tsx'
import { Link } from './link.tsx'
import { Wordmark } from './mark.tsx'
import { Menu, MenuItem, MenuLink } from './menu.tsx'
import { loginPath, moveCount, navigate, usePath } from './router.ts'
import { ThemeButton } from './theme-button.tsx'
import './frame.css'

/** `narrow` for one form, `text` for settings and details, `wide` for tables, `broad` for a player with something beside it. */
export type FrameWidth = 'narrow' | 'text' | 'wide' | 'broad'

interface FrameProps {
  /** The heading, and what the browser's tab says. */
  readonly title: string
  readonly lead?: ReactNode
  /** Beside the heading: at most two buttons. */
  readonly actions?: ReactNode
  readonly tabs?: ReactNode
  readonly width?: FrameWidth
  /** The page has its own h1, or the heading would say twice what is seen. */
  readonly hideTitle?: boolean
  readonly children: ReactNode
}

/** Every page but the room stands in this: mark, ways to the others, account; then the heading. */
export function Frame(props: FrameProps) {
  const { title, lead, actions, tabs, width = 'text', hideTitle = false, children } = props
  const { account } = useSession()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = title === '' ? 'Sluice' : `${title} – Sluice`
  }, [title])
  // Somebody who cannot see the page change hears its heading. Not on the page the browser opened, nor out of a field.
  useEffect(() => {
    if (moveCount() > 0 && !isInField()) heading.current?.focus({ preventScroll: true })
  }, [])
  return (
    <div className="frame" data-nav={account !== undefined || undefined}>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Header account={account} />
      <main id="main" className={`frame-main ${width}`} tabIndex={-1}>
        <div className={hideTitle ? 'visually-hidden' : 'frame-head'}>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {actions && <div className="frame-actions">{actions}</div>}
          {lead && <p className="soft">{lead}</p>}
        </div>
        {tabs}
        {children}
      </main>
    </div>
  )
}

function isInField(): boolean {
  return document.activeElement?.matches('input, select, textarea, dialog *') ?? false
}

function Header({ account }: { account: Account | undefined }) {
  const { server, loading } = useSession()
  return (
    <>
      <header className="top">
        <Link to="/" className="plain top-mark" aria-label="Sluice, home">
          <Wordmark />
        </Link>
        {account && <Navigation account={account} />}
        <div className="top-end">
          <ThemeButton />
          {account && <AccountMenu account={account} />}
          {!account && !loading && server?.accounts?.enabled && <LogInLink />}
        </div>
      </header>
    </>
  )
}

function LogInLink() {
  const path = usePath()
  if (path === '/login') return null
  const returnTo = ['/register', '/verify', '/forgot', '/reset'].includes(path) ? '/' : undefined
  return (
    <Link to={loginPath(returnTo)} className="button small" data-testid="log-in-link">
      <LogIn size={16} aria-hidden />
      Log in
    </Link>
  )
}

/** In the header on wide screens, at the lower edge, in reach of the thumb, on phones. */
function Navigation({ account }: { account: Account }) {
  const path = usePath()
  const items = [
    { to: '/', text: 'Home', icon: House, here: path === '/' || path.startsWith('/meetings') },
    { to: '/recordings', text: 'Recordings', icon: Clapperboard, here: path.startsWith('/recordings') },
    { to: '/history', text: 'History', icon: History, here: path.startsWith('/history') },
    ...(account.role === 'admin'
      ? [{ to: '/admin/users', text: 'Admin', icon: ChartNoAxesColumn, here: path.startsWith('/admin') }]
      : []),
  ]
  return (
    <nav className="nav" aria-label="Main">
      {items.map(({ to, text, icon: Icon, here }) => (
        <Link key={to} to={to} aria-current={here ? 'page' : undefined}>
          <Icon size={20} aria-hidden />
          {text}
        </Link>
      ))}
    </nav>
  )
}

function AccountMenu({ account }: { account: Account }) {
  const leave = async () => {
    try {
      await logOut()
      navigate('/')
    } catch (thrown) {
      toast(explain(thrown), { problem: true })
    }
  }
  return (
    <Menu
      label="Your account"
      testId="account-menu"
      className="account-button"
      icon={<Avatar name={account.name} id={account.id} />}
      side="below"
    >
      {(close) => (
        <>
          <div className="menu-person">
            <strong>{account.name}</strong>
            <span>{account.email}</span>
          </div>
          <MenuLink to="/account" icon={<CircleUser size={18} aria-hidden />} onClick={close}>
            Your account
          </MenuLink>
          {account.role === 'admin' && (
            <>
              <MenuLink to="/admin/users" icon={<Users size={18} aria-hidden />} onClick={close}>
                Users
              </MenuLink>
              <MenuLink to="/admin/audit" icon={<ScrollText size={18} aria-hidden />} onClick={close}>
                Audit log
              </MenuLink>
            </>
          )}
          <MenuItem
            icon={<LogOut size={18} aria-hidden />}
            testId="log-out"
            onClick={() => {
              close()
              void leave()
            }}
          >
            Log out
          </MenuItem>
        </>
      )}
    </Menu>
  )
}

interface TabsProps {
  readonly label: string
  readonly items: readonly { readonly to: string; readonly text: string }[]
}

/** Pages that belong together. */
export function Tabs({ label, items }: TabsProps) {
  const path = usePath()
  return (
    <nav className="tabs" aria-label={label}>
      {items.map(({ to, text }) => (
        <Link key={to} to={to} aria-current={path === to ? 'page' : undefined}>
          {text}
        </Link>
      ))}
    </nav>
  )
}

interface SectionProps {
  readonly title: string
  readonly lead?: ReactNode
  readonly actions?: ReactNode
  readonly children?: ReactNode
  readonly testId?: string
}

/** A part of a page with its own heading, on a sheet. */
export function Section({ title, lead, actions, children, testId }: SectionProps) {
  return (
    <section className="section" aria-label={title} data-testid={testId}>
      <div className="section-head">
        <div>
          <h2>{title}</h2>
          {lead && <p className="soft">{lead}</p>}
        </div>
        {actions}
      </div>
      {children}
    </section>
  )
}
