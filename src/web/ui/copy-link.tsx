import { CopyField } from './copy-field.tsx'

export function CopyLink({ link, label = 'Copy link' }: { link: string; label?: string }) {
  return <CopyField value={link} name="Link to this room" label={label} />
}

/** A link with the name that every computer calls itself by helps nobody else. */
export function LinkNote({ link }: { link: string }) {
  if (!/^(localhost|.+\.localhost|127\..+|\[::1\])$/.test(new URL(link).hostname)) return null
  return (
    <p className="soft link-note">
      This one works on this computer only. To meet others, start the server with{' '}
      <code>npm start -- --lan</code> or under an address of its own.
    </p>
  )
}
