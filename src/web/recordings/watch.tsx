import { useEffect, useMemo, useState, type PointerEvent } from 'react'
import type { RecordedPerson, RecordingFile } from '../api/types.ts'
import { Section } from '../ui/frame.tsx'
import { useAddressQuery } from '../ui/router.ts'
import { formatClock, formatDuration } from '../ui/time.ts'
import { mainFile } from './media.ts'
import { keepPlace, keptPlace, placeInAddress } from './places.ts'
import { Player } from './player.tsx'
import { nextSpeech, speakersAt, speechPath, spokeFirst, talkTime } from './speech.ts'
import { usePlayback } from './use-playback.ts'

interface WatchProps {
  readonly title: string
  /** When it began; tells it from others in what this browser remembers. */
  readonly startedAt: string
  readonly files: readonly RecordingFile[]
  readonly people: readonly RecordedPerson[]
  readonly durationMs: number
  /** Asked when nothing comes any more. Never throws. */
  readonly renew: () => Promise<unknown>
}

/** How often it is remembered where somebody is, in milliseconds. */
const keepEvery = 5000

/**
 * The player, and below or beside it who spoke when. Begins where its address says, or where this browser stopped last time. Other
 * files go on where the last ones were.
 */
export function Watch({ title, startedAt, files, people, durationMs, renew }: WatchProps) {
  const told = placeInAddress(useAddressQuery())
  const [wentOnAt] = useState(() => (told === undefined ? keptPlace(startedAt) : undefined))
  const startMs = told ?? wentOnAt ?? 0
  const { element, playback, acts } = usePlayback({ src: mainFile(files)?.url, durationMs, startMs, renew })
  const { time, duration, playing, ended } = playback
  const keptStep = Math.floor(time / keepEvery)
  useEffect(() => {
    if (ended) keepPlace(startedAt, { ms: duration, durationMs: duration })
    else if (playing) keepPlace(startedAt, { ms: keptStep * keepEvery, durationMs: duration })
  }, [startedAt, keptStep, playing, ended, duration])
  return (
    <div className="watch">
      <Player
        title={title}
        files={files}
        people={people}
        element={element}
        playback={playback}
        acts={acts}
        wentOnAt={wentOnAt}
      />
      {people.length > 0 && (
        <Section title={`Who was there (${people.length})`} testId="participants">
          <ul className="lanes">
            {spokeFirst(people).map((person, i) => (
              <Lane key={i} person={person} time={time} duration={duration} onSeek={acts.seek} />
            ))}
          </ul>
        </Section>
      )}
    </div>
  )
}

interface LaneProps {
  readonly person: RecordedPerson
  readonly time: number
  readonly duration: number
  readonly onSeek: (ms: number) => void
}

/** One person: when they spoke, and for how long. A click on the marks leads there, one on the name to where they speak next. */
function Lane({ person, time, duration, onSeek }: LaneProps) {
  const { name, color, speech } = person
  const seconds = talkTime(speech) / 1000
  const next = nextSpeech(speech, time)
  const outline = useMemo(() => speechPath(speech, duration), [speech, duration])
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return
    const { left, width } = event.currentTarget.getBoundingClientRect()
    onSeek(((event.clientX - left) / width) * duration)
  }
  const who = (
    <>
      <span className="lane-dot" style={{ background: color }} aria-hidden />
      <span className="lane-name">{name}</span>
    </>
  )
  return (
    <li className="lane" data-testid="lane" data-speaking={speakersAt([person], time).length > 0}>
      {next === undefined ? (
        <span className="lane-who">{who}</span>
      ) : (
        <button
          type="button"
          className="lane-who"
          title={`To ${formatClock(next)}, where ${name} speaks next`}
          onClick={() => onSeek(next)}
        >
          {who}
          <span className="visually-hidden">, to where they speak next: {formatClock(next)}</span>
        </button>
      )}
      <div className="lane-marks" onPointerDown={onPointerDown}>
        {duration > 0 && (
          <svg viewBox={`0 0 ${duration} 1`} preserveAspectRatio="none" aria-hidden>
            <path d={outline} fill={color} />
          </svg>
        )}
        <span
          className="lane-now"
          style={{ left: `${duration > 0 ? Math.min(100, (time / duration) * 100) : 0}%` }}
        />
      </div>
      <span className="lane-talk">{seconds < 1 ? 'did not speak' : `spoke ${formatDuration(seconds)}`}</span>
    </li>
  )
}
