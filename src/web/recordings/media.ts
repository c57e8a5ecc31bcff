import type { Recording, RecordingFile, RecordingOutput } from '../api/types.ts'

/** Which files of a recording are for what. Pure. */

/** What can be watched now, newest first, the videos before sound alone. */
export function watchable(recording: Pick<Recording, 'outputs'>): RecordingOutput[] {
  const ready = recording.outputs.filter(({ state, files }) => state === 'ready' && files.length > 0)
  return [...ready.filter(({ kind }) => kind === 'video'), ...ready.filter(({ kind }) => kind === 'audio')]
}

export function posterOf(recording: Pick<Recording, 'outputs'>): string | undefined {
  for (const { files } of watchable(recording)) {
    const poster = files.find(({ kind }) => kind === 'poster')
    if (poster) return poster.url
  }
  return undefined
}

/** The file that is the video or the sound itself. */
export function mainFile(files: readonly RecordingFile[]): RecordingFile | undefined {
  return files.find(({ kind }) => kind === 'video') ?? files.find(({ kind }) => kind === 'audio')
}

/** The same, to be saved instead of shown. */
export function downloadUrl({ url }: { readonly url: string }): string {
  return `${url}?download=1`
}
