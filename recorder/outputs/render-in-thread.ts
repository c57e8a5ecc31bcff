import { TaskThread } from '../../src/lib/task-thread.ts'
import type { RenderedFile, RenderOptions } from './render.ts'
import { RenderError, type RenderErrorCode } from './render-error.ts'
import type { RenderEvent, renderTasks } from './render-thread.ts'

/** The manifest is read from the folder. */
export type RenderInThreadOptions = Omit<RenderOptions, 'manifest'>

/**
 * `render` in a thread of its own: planning the pictures of a day of hundreds of people takes seconds, and that of who speaks
 * as many again, in which a server would answer nobody. Throws the same errors, and `files-lost` where there is no manifest.
 */
export async function renderInThread(options: RenderInThreadOptions): Promise<readonly RenderedFile[]> {
  const { onProgress, onWarning, signal, ...input } = options
  const thread = new TaskThread<typeof renderTasks>({
    file: new URL('render-thread.ts', import.meta.url),
    idleMs: 0,
  })
  const tell = (event: RenderEvent): void => {
    if (event.kind === 'progress') onProgress?.(event.share)
    else onWarning?.(event.text)
  }
  try {
    return await thread.run('render', input, { signal, tell })
  } catch (error) {
    const { name, code, message } = error as RenderError
    if (name !== 'RenderError') throw error
    throw new RenderError(code as RenderErrorCode, message, { cause: error })
  } finally {
    await thread.close()
  }
}
