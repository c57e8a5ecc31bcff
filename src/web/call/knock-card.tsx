import { DoorOpen, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { playTestSound } from '../join/test-sound.ts'
import { settings } from '../ui/settings.ts'
import type { Call, HostActions, Knock } from './call.ts'
import { listNames } from './notices.ts'

/** Several who knock within this time ring once. Milliseconds. */
const ringPause = 6_000

/** Rings and says it when somebody knocks; returns those who were not put aside yet. */
export function useKnocks(call: Call, lobby: readonly Knock[], say: (text: string) => void) {
  const [aside, setAside] = useState<ReadonlySet<string>>(new Set())
  const rang = useRef(-Infinity)
  useEffect(
    () =>
      call.onEvent((event) => {
        if (event.type !== 'knock') return
        say(`${event.who.name} wants to come in`)
        if (performance.now() - rang.current < ringPause) return
        rang.current = performance.now()
        playTestSound(settings().speakerId).catch(() => undefined)
      }),
    [call, say],
  )
  return {
    knocks: lobby.filter(({ id }) => !aside.has(id)),
    putAside: () => setAside(new Set(lobby.map(({ id }) => id))),
  }
}

interface KnockCardProps {
  readonly knocks: readonly Knock[]
  readonly host: HostActions
  readonly onShow: () => void
  readonly onAside: () => void
}

/** Over the stage: who wants to come in, and the answer at hand. It stays until it is answered or put aside. */
export function KnockCard({ knocks, host, onShow, onAside }: KnockCardProps) {
  const [first] = knocks
  if (!first) return null
  const several = knocks.length > 1
  return (
    <section className="knock" aria-label="Somebody wants to come in" data-testid="knock">
      <span className="knock-icon">
        <DoorOpen size={20} aria-hidden />
      </span>
      <p>
        <strong>{listNames(knocks.map(({ name }) => name))}</strong> {several ? 'want' : 'wants'} to come in
      </p>
      <button
        type="button"
        className="icon-button"
        aria-label="Decide later"
        title="Decide later"
        onClick={onAside}
      >
        <X size={17} aria-hidden />
      </button>
      <div className="knock-buttons">
        {several ? (
          <>
            <button type="button" className="button small primary" onClick={host.admitAll}>
              Admit all
            </button>
            <button type="button" className="button small" onClick={onShow}>
              Show who
            </button>
          </>
        ) : (
          <>
            <button
              type="button"
              className="button small primary"
              data-testid="knock-admit"
              onClick={() => host.admit(first.id)}
            >
              Admit
            </button>
            <button type="button" className="button small" onClick={() => host.deny(first.id)}>
              Send away
            </button>
          </>
        )}
      </div>
    </section>
  )
}
