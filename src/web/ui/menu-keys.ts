import type { KeyboardEvent } from 'react'

/** Arrows, Home and End go from item to item of an open menu and around its ends; Escape closes it and nothing behind it. */
export function onMenuKey(
  event: KeyboardEvent,
  { list, close }: { list: HTMLElement | null; close: () => void },
): void {
  if (event.key === 'Escape') {
    event.preventDefault()
    event.stopPropagation()
    return close()
  }
  const items = [...(list?.querySelectorAll<HTMLElement>('button, a') ?? [])]
  const at = items.findIndex((each) => each === document.activeElement)
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key]
  if (to === undefined) return
  event.preventDefault()
  items.at(to % items.length)?.focus()
}
