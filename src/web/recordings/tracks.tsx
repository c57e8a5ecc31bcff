import { Download } from 'lucide-react'
import { useState } from 'react'
import { path } from '../api/client.ts'
import type { RecordingTrack } from '../api/types.ts'
import { usePages } from '../api/use-query.ts'
import { EmptyState } from '../ui/feedback.tsx'
import { Section } from '../ui/frame.tsx'
import { ListState, Table, type Column } from '../ui/table.tsx'
import { formatBytes, formatClock } from '../ui/time.ts'
import { downloadUrl } from './media.ts'
import { sourceNames } from './words.ts'

/** The files as they came in, one for each microphone, camera and screen; loaded when they are asked for. */
export function Tracks({ recordingId }: { recordingId: string }) {
  const [open, setOpen] = useState(false)
  return (
    <Section
      title="Single tracks"
      lead="What each person sent, as it came in. For cutting, or to make something else of it."
      actions={
        <button
          type="button"
          className="button small"
          aria-expanded={open}
          data-testid="tracks"
          onClick={() => setOpen(!open)}
        >
          {open ? 'Hide' : 'Show'}
        </button>
      }
    >
      {open && <TrackTable recordingId={recordingId} />}
    </Section>
  )
}

/** Those that are not all capitals. */
const codecNames: Readonly<Record<string, string>> = { opus: 'Opus' }

const columns: readonly Column<RecordingTrack>[] = [
  { title: 'Who', kind: 'main', cell: ({ name }) => name },
  { title: 'What', cell: ({ source }) => sourceNames[source] ?? 'Other' },
  {
    title: 'From – to',
    cell: ({ startMs, endMs }) =>
      endMs === undefined ? formatClock(startMs) : `${formatClock(startMs)} – ${formatClock(endMs)}`,
  },
  {
    title: 'Codec',
    wideOnly: true,
    cell: ({ codec }) => codecNames[codec.toLowerCase()] ?? codec.toUpperCase(),
  },
  { title: 'Lost', cell: ({ packets, lostPackets }) => lossOf(packets, lostPackets) },
  {
    title: 'File',
    kind: 'actions',
    cell: ({ name, source, files, url }) => {
      const size = formatBytes(files.reduce((sum, { bytes }) => sum + bytes, 0))
      return (
        url !== undefined && (
          <a
            className="button small"
            href={downloadUrl({ url })}
            download
            aria-label={`Download: ${name}, ${sourceNames[source] ?? source}, ${size}`}
          >
            <Download size={16} aria-hidden />
            {size}
          </a>
        )
      )
    },
  },
]

function lossOf(packets: number, lost: number): string {
  const percent = packets + lost === 0 ? 0 : (lost / (packets + lost)) * 100
  return percent === 0 ? 'nothing' : percent < 0.1 ? 'under 0.1 %' : `${percent.toFixed(1)} %`
}

function TrackTable({ recordingId }: { recordingId: string }) {
  const list = usePages<RecordingTrack>(path`/recordings/${recordingId}/tracks`)
  return (
    <ListState list={list} empty={<EmptyState title="There are none" />} lines={4}>
      <Table caption="Tracks" columns={columns} rows={list.items ?? []} rowKey={({ id }) => id} />
    </ListState>
  )
}
