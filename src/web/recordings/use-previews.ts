import { useEffect, useState } from 'react'
import type { RecordingFile } from '../api/types.ts'
import { readPreviewIndex } from './preview-index.ts'
import type { Previews } from './seek-bar.tsx'

/** The small pictures of a recording; undefined until they are there, and where there are none. */
export function usePreviews(files: readonly RecordingFile[]): Previews | undefined {
  const picture = files.find(({ kind }) => kind === 'preview')?.url
  const index = files.find(({ kind }) => kind === 'preview-index')?.url
  const [loaded, setLoaded] = useState<Previews & { readonly of: string }>()
  useEffect(() => {
    if (picture === undefined || index === undefined) return
    const stop = new AbortController()
    const load = async () => {
      const response = await fetch(index, { signal: stop.signal })
      if (!response.ok) return
      setLoaded({ url: picture, index: readPreviewIndex(await response.text()), of: index })
    }
    // Nobody misses them so much that it has to be said.
    load().catch(() => undefined)
    return () => stop.abort()
  }, [picture, index])
  return loaded?.of === index ? loaded : undefined
}
