import { serveTasks } from '../../src/lib/task-thread.ts'
import { readManifest } from '../manifest.ts'
import { RenderError } from './render-error.ts'
import type { RenderInThreadOptions } from './render-in-thread.ts'
import { render, type RenderedFile } from './render.ts'

export type RenderEvent =
  { readonly kind: 'progress'; readonly share: number } | { readonly kind: 'warning'; readonly text: string }

type Input = Omit<RenderInThreadOptions, 'onProgress' | 'onWarning' | 'signal'>

export const renderTasks = {
  render: async (
    input: Input,
    { signal, tell }: { signal: AbortSignal; tell: (event: RenderEvent) => void },
  ): Promise<readonly RenderedFile[]> => {
    const manifest = await readManifest(input.folder)
    if (!manifest) throw new RenderError('files-lost', 'What was recorded is not there any more.')
    return render({
      ...input,
      manifest,
      signal,
      onProgress: (share) => tell({ kind: 'progress', share }),
      onWarning: (text) => tell({ kind: 'warning', text }),
    })
  },
}

serveTasks(renderTasks)
