import {
  Ban,
  CalendarPlus,
  Check,
  ClipboardCopy,
  EllipsisVertical,
  KeyRound,
  Mail,
  Pencil,
  Square,
  Trash2,
  Video,
  X,
} from 'lucide-react'
import { useMemo, useState } from 'react'
import { api, apiUrl, path } from '../api/client.ts'
import { useSession } from '../api/session.ts'
import type { Invitee, Meeting, Occurrence } from '../api/types.ts'
import { useAction, useQuery } from '../api/use-query.ts'
import { MeetingRecordings } from '../recordings/meeting-recordings.tsx'
import { AwaitedPage } from '../ui/awaited-page.tsx'
import { Avatar } from '../ui/avatar.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { CopyField, useCopy } from '../ui/copy-field.tsx'
import { Chip, ErrorNote, Note, Skeleton, toast } from '../ui/feedback.tsx'
import { Frame, Section } from '../ui/frame.tsx'
import { Link } from '../ui/link.tsx'
import { Menu, MenuItem, MenuLink } from '../ui/menu.tsx'
import { navigate } from '../ui/router.ts'
import { useNow } from '../ui/use-now.ts'
import { AttendanceList } from './attendance-section.tsx'
import { meetingPath } from './codes.ts'
import { invitationText, spanOf } from './spans.ts'
import { StatusChips } from './status-chip.tsx'
import { usePlace } from './use-place.ts'
import { repeatsOf, WhenLines } from './when-line.tsx'
import { dayWords, spanWords } from './when.ts'
import './meetings.css'

export function MeetingPage({ params }: { params: Readonly<Record<string, string>> }) {
  const query = useQuery<Meeting>(path`/meetings/${params['meetingId'] ?? ''}`, { every: 15_000 })
  if (query.data) return <MeetingDetails meeting={query.data} onChange={query.set} />
  return <AwaitedPage title="Meeting" query={query} missing={missing} />
}

const missing = {
  title: 'No such meeting',
  why: 'It was deleted, or you are not invited',
  advice: 'Ask its host to invite the address that you log in with.',
  link: { to: '/', text: 'Home' },
}

type Question = 'cancel' | 'delete' | 'end'

interface DetailsProps {
  readonly meeting: Meeting
  readonly onChange: (meeting: Meeting) => void
}

function MeetingDetails({ meeting, onChange }: DetailsProps) {
  const [asked, setAsked] = useState<Question>()
  const { id, title, description, code, status, role } = meeting
  const isHost = role === 'host'
  const here = path`/meetings/${id}`
  const over = status === 'ended' || status === 'cancelled'
  const act = async (question: Question) => {
    if (question === 'delete') {
      await api.delete(here)
      toast('Deleted.')
      navigate('/')
      return
    }
    await api.post(`${here}/${question}`)
    toast(question === 'cancel' ? 'Cancelled. Everybody invited is told.' : 'Ended for everybody.')
    onChange(await api.get<Meeting>(here))
  }
  return (
    <Frame
      title={title}
      lead={
        <span className="meeting-facts">
          <StatusChips meeting={meeting} />
          <span>{isHost ? 'You host this meeting' : `Host: ${meeting.hostName}`}</span>
        </span>
      }
      actions={
        <div className="page-actions">
          {!over && (
            <Link to={meetingPath(code)} className="button primary" data-testid="meeting-join">
              <Video size={18} aria-hidden />
              {status === 'live' || !isHost ? 'Join' : 'Start'}
            </Link>
          )}
          {isHost && <HostMenu meeting={meeting} onAsk={setAsked} />}
        </div>
      }
    >
      <Section title="When">
        {spanOf(meeting) ? (
          <WhenLines meeting={meeting} />
        ) : (
          <p className="soft">It has no schedule: it is open until it ends.</p>
        )}
        {meeting.recurrence !== undefined && !over && <Occurrences meeting={meeting} />}
        {description !== '' && <p className="meeting-description">{description}</p>}
        {spanOf(meeting) && status !== 'cancelled' && (
          <div className="form-actions">
            <a
              className="button"
              href={apiUrl(`${here}/calendar.ics`)}
              download={`${code}.ics`}
              data-testid="meeting-ics"
            >
              <CalendarPlus size={18} aria-hidden />
              Add to your calendar
            </a>
          </div>
        )}
      </Section>
      {!over && !isHost && <Answer meeting={meeting} onChange={onChange} />}
      {!over && <Invite meeting={meeting} />}
      {isHost && meeting.invitees.length > 0 && (
        <People meeting={meeting} invitees={meeting.invitees} canMail={!over} />
      )}
      <MeetingRecordings meeting={meeting} />
      {isHost && (
        <Section title="Who was there">
          <AttendanceList meeting={meeting} />
        </Section>
      )}
      {asked && (
        <Ask
          question={asked}
          meeting={meeting}
          onConfirm={() => act(asked)}
          onClose={() => setAsked(undefined)}
        />
      )}
    </Frame>
  )
}

function HostMenu({ meeting, onAsk }: { meeting: Meeting; onAsk: (question: Question) => void }) {
  const { id, status } = meeting
  const ask = (question: Question, close: () => void) => () => {
    close()
    onAsk(question)
  }
  return (
    <Menu
      label="More for this meeting"
      className="button icon"
      testId="meeting-more"
      side="below"
      icon={<EllipsisVertical size={18} aria-hidden />}
    >
      {(close) => (
        <>
          {(status === 'scheduled' || status === 'live') && (
            <MenuLink to={path`/meetings/${id}/edit`} icon={<Pencil size={18} aria-hidden />} onClick={close}>
              Edit
            </MenuLink>
          )}
          {status === 'live' && (
            <MenuItem
              icon={<Square size={18} aria-hidden />}
              testId="meeting-end"
              onClick={ask('end', close)}
            >
              End for everybody
            </MenuItem>
          )}
          {(status === 'scheduled' || status === 'live') && (
            <MenuItem
              icon={<Ban size={18} aria-hidden />}
              testId="meeting-cancel"
              onClick={ask('cancel', close)}
            >
              Cancel the meeting
            </MenuItem>
          )}
          <MenuItem
            icon={<Trash2 size={18} aria-hidden />}
            testId="meeting-delete"
            onClick={ask('delete', close)}
          >
            Delete
          </MenuItem>
        </>
      )}
    </Menu>
  )
}

interface AskProps {
  readonly question: Question
  readonly meeting: Meeting
  readonly onConfirm: () => Promise<unknown>
  readonly onClose: () => void
}

function Ask({ question, meeting, onConfirm, onClose }: AskProps) {
  const { title, recurrence, invitees } = meeting
  const told = invitees.length > 0 ? ' Everybody invited gets a mail.' : ''
  const texts: Record<Question, { title: string; text: string; confirm: string }> = {
    cancel: {
      title: 'Cancel the meeting?',
      text: `“${title}”${recurrence === undefined ? '' : ', with all its repetitions,'} will not take place.${told}`,
      confirm: 'Cancel the meeting',
    },
    delete: {
      title: 'Delete the meeting?',
      text: `“${title}” and the record of who was there are deleted. This cannot be undone.`,
      confirm: 'Delete',
    },
    end: {
      title: 'End it for everybody?',
      text: 'The call ends for all who are in it.',
      confirm: 'End for everybody',
    },
  }
  const { title: heading, text, confirm } = texts[question]
  return (
    <ConfirmDialog title={heading} confirm={confirm} danger onConfirm={onConfirm} onClose={onClose}>
      <p>{text}</p>
    </ConfirmDialog>
  )
}

/** What an invited person says to it. Who came by the code alone was not asked. */
function Answer({ meeting, onChange }: DetailsProps) {
  const own = meeting.invitees.find(({ email }) => email !== undefined)
  const { run, busy, error } = useAction(async (status: Invitee['status']) => {
    await api.put(path`/meetings/${meeting.id}/response`, { status })
    onChange(await api.get<Meeting>(path`/meetings/${meeting.id}`))
    toast(status === 'accepted' ? 'The host sees that you come.' : 'The host sees that you do not come.')
  })
  if (!own) return null
  return (
    <Section title="Will you come?">
      <div className="form-actions">
        {(['accepted', 'declined'] as const).map((status) => (
          <button
            key={status}
            type="button"
            className="button"
            aria-pressed={own.status === status}
            aria-disabled={busy}
            onClick={() => void run(status)}
          >
            {status === 'accepted' ? <Check size={18} aria-hidden /> : <X size={18} aria-hidden />}
            {status === 'accepted' ? 'Yes' : 'No'}
          </button>
        ))}
      </div>
      <ErrorNote error={error} />
    </Section>
  )
}

function Invite({ meeting }: { meeting: Meeting }) {
  const { language } = usePlace()
  const { state, copy } = useCopy()
  const { url, code, passcode, hasPasscode } = meeting
  return (
    <Section
      title="How to join"
      lead={`Whoever has the link${hasPasscode ? ' and the passcode' : ''} can come; without an account they are asked for their name.`}
      actions={
        <button
          type="button"
          className="button small"
          data-testid="copy-invitation"
          onClick={() => void copy(invitationText(meeting, { repeats: repeatsOf(meeting), language }))}
        >
          <ClipboardCopy size={16} aria-hidden />
          {state === 'yes' ? 'Copied' : state === 'no' ? 'Not allowed here' : 'Copy the invitation'}
        </button>
      }
    >
      <CopyField value={url} name="Link to this meeting" label="Copy link" />
      <dl className="facts">
        <div>
          <dt>Code</dt>
          <dd className="mono" data-testid="meeting-code">
            {code}
          </dd>
        </div>
        {hasPasscode && (
          <div>
            <dt>Passcode</dt>
            {passcode !== undefined ? (
              <dd className="mono">{passcode}</dd>
            ) : (
              <dd className="soft">
                <KeyRound size={15} aria-hidden /> Not asked of you; it is in the invitation
              </dd>
            )}
          </div>
        )}
        <div>
          <dt>Waiting room</dt>
          <dd>{meeting.lobby ? 'People wait until they are let in' : 'None'}</dd>
        </div>
        <div>
          <dt>Before the host</dt>
          <dd>{meeting.joinBeforeHost ? 'People may join' : 'People wait'}</dd>
        </div>
        <div>
          <dt>Recording</dt>
          <dd>{recordNames[meeting.record]}</dd>
        </div>
        {meeting.maxParticipants !== undefined && (
          <div>
            <dt>At most</dt>
            <dd>{meeting.maxParticipants} people</dd>
          </div>
        )}
      </dl>
    </Section>
  )
}

const recordNames = {
  never: 'None',
  hosts: 'When a host starts it; everybody is told',
  always: 'From the first person on; everybody is told',
} as const

const inviteeStates = {
  invited: { text: 'Invited', kind: 'plain' },
  accepted: { text: 'Accepted', kind: 'good' },
  declined: { text: 'Declined', kind: 'bad' },
} as const

interface PeopleProps {
  readonly meeting: Meeting
  readonly invitees: readonly Invitee[]
  readonly canMail: boolean
}

/** More than these are behind a button. */
const shownAtFirst = 12

function People({ meeting, invitees, canMail }: PeopleProps) {
  const { server } = useSession()
  const [all, setAll] = useState(false)
  const { run, busy, error } = useAction(async () => {
    await api.post(path`/meetings/${meeting.id}/invitations`, {})
    toast('The invitations are on their way again.')
  })
  const shown = all ? invitees : invitees.slice(0, shownAtFirst)
  return (
    <Section
      title={`Invited (${invitees.length})`}
      actions={
        canMail &&
        server?.mails !== false && (
          <button type="button" className="button small" aria-disabled={busy} onClick={() => void run()}>
            <Mail size={16} aria-hidden />
            Mail them again
          </button>
        )
      }
    >
      <ErrorNote error={error} />
      <ul className="invitees">
        {shown.map(({ email, name, status, joined = false }, i) => {
          const { text, kind } = inviteeStates[status]
          const who = name ?? email ?? 'Somebody'
          return (
            <li key={email ?? i}>
              <Avatar name={who} id={email ?? who} size={32} />
              <span className="invitee">
                <span>{who}</span>
                {name !== undefined && email !== undefined && <span className="soft">{email}</span>}
              </span>
              {joined ? <Chip kind="good">Was there</Chip> : <Chip kind={kind}>{text}</Chip>}
            </li>
          )
        })}
      </ul>
      {!all && invitees.length > shownAtFirst && (
        <button type="button" className="button" onClick={() => setAll(true)}>
          Show all {invitees.length}
        </button>
      )}
    </Section>
  )
}

const day = 86_400_000
/** As far as the next ones of a series are looked for; a yearly one has one more in it. */
const ahead = 400 * day
const nextShown = 5

function Occurrences({ meeting }: { meeting: Meeting }) {
  const place = usePlace()
  const now = useNow()
  // Whole hours, so that the question stays the same from one drawing to the next.
  const from = Math.floor(now.getTime() / 3_600_000) * 3_600_000
  const range = useMemo(
    () => ({ from: new Date(from).toISOString(), to: new Date(from + ahead).toISOString() }),
    [from],
  )
  const { data, error } = useQuery<{ items: readonly Occurrence[] }>(
    path`/meetings/${meeting.id}/occurrences`,
    { query: range },
  )
  if (error) return <Note kind="info">The next dates could not be loaded.</Note>
  const next = data?.items.slice(1, nextShown + 1) ?? []
  if (data !== undefined && next.length === 0) return <p className="soft">This is the last time.</p>
  return (
    <details className="session">
      <summary>The next dates</summary>
      {data === undefined ? (
        <Skeleton lines={3} />
      ) : (
        <ul className="occurrences">
          {next.map(({ start, end }) => (
            <li key={start}>
              <time dateTime={start} lang={place.language}>
                {dayWords(new Date(start), { ...place, now })},{' '}
                {spanWords(new Date(start), new Date(end), place)}
              </time>
            </li>
          ))}
        </ul>
      )}
    </details>
  )
}
