export type RenderErrorCode = 'nothing-captured' | 'files-lost' | 'ffmpeg-failed' | 'disk-full' | 'stopped'

/** Why nothing was made of a recording. */
export class RenderError extends Error {
  override readonly name = 'RenderError'
  readonly code: RenderErrorCode

  constructor(code: RenderErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  /** Whether the same could work later: a disk gets room again, and what ended FFmpeg may not come again. */
  get isWorthRetrying(): boolean {
    return this.code === 'disk-full' || this.code === 'ffmpeg-failed'
  }
}
