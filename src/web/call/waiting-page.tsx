import { DoorOpen, Hourglass } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { WaitReason } from 'sluice-client'
import { Preview } from '../join/join-page.tsx'
import type { LocalMedia } from '../join/use-local-media.ts'
import { Wordmark } from '../ui/mark.tsx'
import { ThemeButton } from '../ui/theme-button.tsx'
import '../join/join.css'
import './door.css'

interface WaitingPageProps {
  /** What people call the room. */
  readonly title: string
  readonly name: string
  readonly why: WaitReason | 'admitted'
  readonly media: LocalMedia
  readonly onLeave: () => void
}

const texts: Record<WaitReason | 'admitted', { readonly title: string; readonly text: string }> = {
  lobby: {
    title: 'The host has been told that you are here',
    text: 'You come in as soon as they let you. You can leave this page open.',
  },
  host: {
    title: 'The host is not here yet',
    text: 'It goes on by itself when they come. You can leave this page open.',
  },
  admitted: { title: 'You are let in', text: 'Connecting…' },
}

/** At the door: nothing to do but wait, look at oneself, or go. */
export function WaitingPage({ title, name, why, media, onLeave }: WaitingPageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  const { title: says, text } = texts[why]
  useEffect(() => {
    document.title = `Waiting: ${title} – Sluice`
    heading.current?.focus()
  }, [title])
  const Icon = why === 'host' ? Hourglass : DoorOpen
  return (
    <div className="page join">
      <header className="page-head">
        <Wordmark />
        <ThemeButton />
      </header>
      <main className="join-main" data-testid="waiting" data-why={why}>
        <section className="join-preview" aria-label="Your camera and microphone">
          <Preview media={media} name={name} />
        </section>
        <section className="door">
          <p className="eyebrow">{title}</p>
          <span className="end-icon door-icon">
            <Icon size={30} strokeWidth={1.7} aria-hidden />
          </span>
          <div role="status" className="door-says">
            <h1 ref={heading} tabIndex={-1}>
              {says}
            </h1>
            <p className="lead">{text}</p>
          </div>
          <span className="door-dots" aria-hidden>
            <i />
            <i />
            <i />
          </span>
          <button type="button" className="button large" data-testid="stop-waiting" onClick={onLeave}>
            Stop waiting
          </button>
          <p className="join-without">Nobody sees or hears you before you are in.</p>
        </section>
      </main>
    </div>
  )
}
