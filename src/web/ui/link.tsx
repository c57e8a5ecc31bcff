import type { AnchorHTMLAttributes } from 'react'
import { navigate } from './router.ts'

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  /** A path of this app, with or without query. */
  readonly to: string
}

/** A link within the app: the page stays loaded, and new tabs work as everywhere. */
export function Link({ to, onClick, ...others }: LinkProps) {
  return (
    <a
      {...others}
      href={to}
      onClick={(event) => {
        onClick?.(event)
        if (event.defaultPrevented || event.button !== 0) return
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
        event.preventDefault()
        navigate(to)
      }}
    />
  )
}
