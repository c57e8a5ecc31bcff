import { useEffect, useEffectEvent, type RefObject } from 'react'
import { useSettings } from '../ui/settings.ts'
import type { Shortcuts } from '../ui/shortcut-dialog.tsx'
import type { PlaybackActs } from './use-playback.ts'

export const playerShortcuts: Shortcuts = [
  ['Space', 'Play or pause, as K does'],
  ['← →', 'Five seconds back or on'],
  ['J L', 'Ten seconds back or on'],
  ['0 – 9', 'To the beginning, to 10 %, … 90 %'],
  ['< >', 'Slower or faster'],
  ['M', 'Sound off or on'],
  ['F', 'Full screen'],
  ['?', 'This list'],
]

export interface PlayerKeyActs extends PlaybackActs {
  readonly toggleFullScreen: () => void
  readonly help: () => void
  /** 0 to 1. */
  readonly seekToShare: (share: number) => void
}

/** Keys of the whole page; those of one letter only within the player where the person switched them off. */
export function usePlayerKeys(frame: RefObject<HTMLElement | null>, acts: PlayerKeyActs): void {
  const { shortcuts } = useSettings()
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    const target = event.target instanceof Element ? event.target : undefined
    if (target?.closest('input, textarea, select, dialog, [contenteditable]')) return
    const inside = target !== undefined && frame.current?.contains(target) === true
    if (!shortcuts && !inside) return
    // A button that has the focus is what the space bar presses, and arrows move in menus.
    const isPressable = Boolean(target?.closest('button, a, summary, [role=menu], .menu'))
    const act = actOf(event.key, acts)
    if (!act || (isPressable && (event.key === ' ' || event.key.startsWith('Arrow')))) return
    event.preventDefault()
    if (event.repeat && !event.key.startsWith('Arrow')) return
    act()
  })
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event)
    document.addEventListener('keydown', listener)
    return () => document.removeEventListener('keydown', listener)
  }, [])
}

function actOf(key: string, acts: PlayerKeyActs): (() => void) | undefined {
  if (/^\d$/.test(key)) return () => acts.seekToShare(Number(key) / 10)
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case ' ':
    case 'k':
      return acts.toggle
    case 'ArrowLeft':
      return () => acts.skip(-5000)
    case 'ArrowRight':
      return () => acts.skip(5000)
    case 'j':
      return () => acts.skip(-10_000)
    case 'l':
      return () => acts.skip(10_000)
    case '<':
      return () => acts.changeRate(-1)
    case '>':
      return () => acts.changeRate(1)
    case 'm':
      return acts.toggleMute
    case 'f':
      return acts.toggleFullScreen
    case '?':
      return acts.help
    default:
      return undefined
  }
}
