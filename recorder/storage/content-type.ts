import { sumsName } from './sums.ts'

const types: Readonly<Record<string, string>> = {
  webm: 'video/webm',
  mkv: 'video/x-matroska',
  mp4: 'video/mp4',
  m4a: 'audio/mp4',
  jpg: 'image/jpeg',
  png: 'image/png',
  vtt: 'text/vtt; charset=utf-8',
  json: 'application/json',
}

/** What a file of a recording is, by its name. */
export function contentTypeOf(name: string): string {
  if (name === sumsName) return 'text/plain; charset=utf-8'
  return types[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
}
