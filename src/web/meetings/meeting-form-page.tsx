import { useState } from 'react'
import { api, path } from '../api/client.ts'
import type { Meeting } from '../api/types.ts'
import { useQuery } from '../api/use-query.ts'
import { useSession } from '../api/session.ts'
import { EmptyState, ErrorNote, Skeleton, toast } from '../ui/feedback.tsx'
import { Frame } from '../ui/frame.tsx'
import { navigate } from '../ui/router.ts'
import { draftOf, emptyDraft, inputOf, type Draft } from './draft.ts'
import { MeetingForm } from './meeting-form.tsx'
import { usePlace } from './use-place.ts'

export function NewMeetingPage() {
  const { account, server } = useSession()
  const { zone } = usePlace()
  const [first] = useState(() => emptyDraft(new Date(), zone))
  const create = async (draft: Draft) => {
    const meeting = await api.post<Meeting>('/meetings', inputOf(draft, { isNew: true }))
    const mailed = draft.invitees.length > 0 && server?.mails !== false
    toast(mailed ? 'Scheduled. The invitations are on their way.' : 'Scheduled.')
    navigate(path`/meetings/${meeting.id}`, { replace: true })
  }
  return (
    <Frame title="Schedule a meeting">
      {account?.role === 'member' ? (
        <EmptyState title="You can take part in meetings, not make them">
          Ask whoever runs this server for the role of a host.
        </EmptyState>
      ) : (
        <MeetingForm first={first} isNew onSubmit={create} back="/" />
      )}
    </Frame>
  )
}

export function EditMeetingPage({ params }: { params: Readonly<Record<string, string>> }) {
  const id = params['meetingId'] ?? ''
  const query = useQuery<Meeting>(path`/meetings/${id}`)
  const { data: meeting, error, reload } = query
  return (
    <Frame title="Edit the meeting" lead={meeting?.title}>
      {meeting === undefined ? (
        error ? (
          <ErrorNote error={error} onRetry={() => void reload()} />
        ) : (
          <Skeleton lines={8} />
        )
      ) : meeting.role !== 'host' ? (
        <EmptyState title="Only its host can change this meeting" />
      ) : (
        <EditForm key={meeting.version} meeting={meeting} onReload={() => void reload()} />
      )}
    </Frame>
  )
}

function EditForm({ meeting, onReload }: { meeting: Meeting; onReload: () => void }) {
  const back = path`/meetings/${meeting.id}`
  const [first] = useState(() => draftOf(meeting, new Date()))
  const save = async (draft: Draft) => {
    // A meeting that was started at once keeps having no schedule unless it is given one.
    const untimed = meeting.startsAt === undefined && draft.start === first.start && draft.end === first.end
    const input = inputOf(draft, { isNew: false })
    const { startsAt: _start, endsAt: _end, timeZone: _zone, recurrence: _rule, ...rest } = input
    await api.patch<Meeting>(back, untimed ? rest : input, { version: meeting.version })
    toast('Saved.')
    navigate(back, { replace: true })
  }
  return <MeetingForm first={first} isNew={false} onSubmit={save} back={back} onReload={onReload} />
}
