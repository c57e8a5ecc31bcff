import createCommand, { type FfmpegCommand } from 'fluent-ffmpeg'
import { failure, stopped } from './ffmpeg-run.ts'

/**
 * Runs what `build` makes of a command of fluent-ffmpeg; for short runs with one input. The composite is not one: it needs
 * a process that ends with the server, an environment and lists of inputs, none of which fluent-ffmpeg can be told.
 */
export function runFluent(
  ffmpeg: string,
  signal: AbortSignal | undefined,
  build: (command: FfmpegCommand) => FfmpegCommand,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(stopped())
    let said = ''
    // What is said last is the reason: fluent-ffmpeg's own message holds only a few lines of it.
    const command = build(createCommand({ niceness: 19 }).setFfmpegPath(ffmpeg))
    const end = () => command.kill('SIGKILL')
    signal?.addEventListener('abort', end, { once: true })
    command
      .on('start', () => signal?.aborted && end())
      .on('stderr', (line: string) => (said = `${said}${line}\n`.slice(-16_000)))
      .on('error', (error: Error) => {
        signal?.removeEventListener('abort', end)
        reject(signal?.aborted ? stopped() : failure(null, said || error.message))
      })
      .on('end', () => {
        signal?.removeEventListener('abort', end)
        resolve()
      })
      .run()
  })
}
