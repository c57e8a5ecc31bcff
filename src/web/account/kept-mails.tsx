import { useSession } from '../api/session.ts'
import { Note } from '../ui/feedback.tsx'

/** A development server sends no mail: where it shows what it would have sent. */
export function KeptMails() {
  const { server } = useSession()
  if (server?.keptMails === undefined) return null
  return (
    <Note kind="info">
      This development server keeps its mails to itself:{' '}
      <a href={server.keptMails} target="_blank" rel="noreferrer" data-testid="kept-mails">
        look at them
      </a>
      .
    </Note>
  )
}
