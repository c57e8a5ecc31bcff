import { CalendarPlus, Download } from 'lucide-react'
import { useState } from 'react'
import { api } from '../api/client.ts'
import { sessionEnded, useSession } from '../api/session.ts'
import type { Account } from '../api/types.ts'
import { useAction } from '../api/use-query.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { CopyField } from '../ui/copy-field.tsx'
import { ErrorNote, toast } from '../ui/feedback.tsx'
import { PasswordField } from '../ui/fields.tsx'
import { Section } from '../ui/frame.tsx'
import { navigate } from '../ui/router.ts'
import { AccountFrame } from './account-frame.tsx'
import { saveText } from '../ui/save-text.ts'

export function DataPage() {
  return (
    <AccountFrame>
      {(account) => (
        <>
          <CalendarFeed />
          <Export />
          <Delete account={account} />
        </>
      )}
    </AccountFrame>
  )
}

function CalendarFeed() {
  const [url, setUrl] = useState<string>()
  const [stopping, setStopping] = useState(false)
  const { run, busy, error } = useAction(async () => {
    setUrl((await api.post<{ url: string }>('/account/calendar-feed')).url)
  })
  return (
    <Section
      title="Your meetings in your calendar"
      lead="An address that your calendar program can subscribe to. Whoever has it sees your meetings, so keep it to yourself."
      testId="calendar-feed"
    >
      {url !== undefined && (
        <div className="form">
          <CopyField value={url} name="Address of your calendar" />
          <p className="field-hint">Shown this once. An address you made before has stopped working.</p>
        </div>
      )}
      <ErrorNote error={error} />
      <div className="form-actions">
        {url === undefined && (
          <button type="button" className="button" aria-disabled={busy} onClick={() => void run()}>
            <CalendarPlus size={18} aria-hidden />
            Make an address
          </button>
        )}
        <button type="button" className="button" onClick={() => setStopping(true)}>
          Stop the address
        </button>
      </div>
      {stopping && (
        <ConfirmDialog
          title="Stop the calendar address?"
          confirm="Stop it"
          onClose={() => setStopping(false)}
          onConfirm={async () => {
            await api.delete('/account/calendar-feed')
            setUrl(undefined)
            toast('Calendars with the address get nothing any more')
          }}
        >
          <p>Calendars that subscribed to it get no news any more. You can make another address later.</p>
        </ConfirmDialog>
      )}
    </Section>
  )
}

function Export() {
  const { run, busy, error } = useAction(async () => {
    const copy = await api.get<unknown>('/account/export')
    saveText('sluice-account.json', JSON.stringify(copy, null, 2), 'application/json')
  })
  return (
    <Section
      title="A copy of your data"
      lead="Everything this server keeps about you, as a JSON file."
      testId="export"
    >
      <ErrorNote error={error} />
      <div className="form-actions">
        <button type="button" className="button" aria-disabled={busy} onClick={() => void run()}>
          <Download size={18} aria-hidden />
          {busy ? 'Gathering…' : 'Get the copy'}
        </button>
      </div>
    </Section>
  )
}

function Delete({ account }: { account: Account }) {
  const { server } = useSession()
  const [asking, setAsking] = useState(false)
  const [password, setPassword] = useState('')
  return (
    <Section
      title="Delete the account"
      lead="Your account and your meetings go for good. In the attendance of others' meetings your name is taken out. Recordings in which you were stay with their sound and pictures; your name leaves their lists and your links to them stop working."
      testId="delete-account"
    >
      <div className="form-actions">
        <button type="button" className="button" onClick={() => setAsking(true)}>
          Delete my account
        </button>
      </div>
      {asking && (
        <ConfirmDialog
          title="Delete your account?"
          confirm="Delete it for good"
          danger
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await api.post('/account/delete', account.hasPassword ? { password } : {})
            sessionEnded()
            navigate('/')
            toast('Your account is deleted')
          }}
        >
          <p>
            {account.email} at {location.host} goes, with all its meetings. There is no way back
            {server?.accounts.registration === 'open' ? '' : ', and only an admin can make a new one'}.
          </p>
          {account.hasPassword && (
            <PasswordField
              label="Your password"
              autoComplete="current-password"
              value={password}
              onChange={setPassword}
            />
          )}
        </ConfirmDialog>
      )}
    </Section>
  )
}
