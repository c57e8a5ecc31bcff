import { StorageError } from './storage-error.ts'

/** What can be filled in has no more characters than this, so that keys stay below the 1024 bytes S3 allows. */
const longestPiece = 120

/**
 * Key prefix of a recording: the template, filled in. What comes from people (a room may be called anything) is encoded, so
 * that it is always one piece of a key: neither a slash nor `..` can come about, nor the prefix of another recording.
 */
export function prefixOf(
  template: string,
  about: { recordingId: string; roomId: string; meetingId?: string; startedAt: Date },
): string {
  const [year = '', month = '', day = ''] = about.startedAt.toISOString().slice(0, 10).split('-')
  const pieces: Readonly<Record<string, string>> = {
    recordingId: about.recordingId,
    roomId: about.roomId,
    meetingId: about.meetingId ?? '',
    year,
    month,
    day,
  }
  const prefix = template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const piece = pieces[name]
    return piece === undefined ? whole : encodePiece(piece)
  })
  return checkedPrefix(prefix.replace(/^\/+|\/+$/g, ''))
}

/** Letters, digits, - and _ as they are, everything else as `.` and two hexadecimal digits for each byte. */
function encodePiece(text: string): string {
  if (text === '') return '-'
  const encoded = text.replace(/[^A-Za-z0-9_-]/gu, (character) =>
    Array.from(Buffer.from(character), (byte) => `.${byte.toString(16).padStart(2, '0')}`).join(''),
  )
  return encoded.slice(0, longestPiece)
}

/** The prefix, if it is one that `prefixOf` could have made; throws otherwise. */
export function checkedPrefix(prefix: string): string {
  const segments = prefix.split('/')
  const isFine = segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  // eslint-disable-next-line no-control-regex
  if (!isFine || /[\u0000-\u001f\u007f\\{}]/.test(prefix) || Buffer.byteLength(prefix) > 900) {
    throw new StorageError('invalid', `${JSON.stringify(prefix)} is no prefix of a recording`)
  }
  return prefix
}

/** Names of files that make a key; no folder, nothing hidden. */
export function isObjectName(name: string): boolean {
  return /^[\w-][\w.-]{0,99}$/.test(name)
}

/** The key, taken apart into prefix and name; throws if it cannot be one of ours. */
export function splitKey(key: string): { prefix: string; name: string } {
  const slash = key.lastIndexOf('/')
  const name = key.slice(slash + 1)
  if (slash < 1 || !isObjectName(name)) {
    throw new StorageError('invalid', `${JSON.stringify(key)} is no key of a recording's file`)
  }
  return { prefix: checkedPrefix(key.slice(0, slash)), name }
}
