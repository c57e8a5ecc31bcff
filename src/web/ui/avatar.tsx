import { hueOf, initials } from './initials.ts'

/** Letters that stand for a person. The name is expected beside it, so that screen readers do not say it twice. */
export function Avatar({ name, id, size = 36 }: { name: string; id: string; size?: number }) {
  return (
    <span
      className="avatar"
      aria-hidden
      // Not as text: what a button is called must contain the text in it.
      data-initials={initials(name)}
      style={{ '--hue': hueOf(id), width: size, height: size, fontSize: size * 0.4 }}
    />
  )
}
