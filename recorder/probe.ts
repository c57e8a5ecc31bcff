import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Reading is a matter of seconds; a disk that hangs must not hold up recovery for ever. */
const readWithinMs = 600_000

/** What FFmpeg complains of when it reads a whole file without decoding it; empty if it is content. */
export async function complaintsAbout(path: string, ffmpeg: string): Promise<string> {
  const args = [
    '-nostdin',
    '-hide_banner',
    '-v',
    'warning',
    '-i',
    path,
    '-map',
    '0',
    '-c',
    'copy',
    '-f',
    'null',
    '-',
  ]
  try {
    const { stderr } = await promisify(execFile)(ffmpeg, args, {
      timeout: readWithinMs,
      maxBuffer: 16 * 1024 * 1024,
    })
    return stderr.trim()
  } catch (error) {
    return (error as { stderr?: string }).stderr?.trim() || String(error)
  }
}
