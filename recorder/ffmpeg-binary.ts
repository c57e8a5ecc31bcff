import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

export interface FfmpegBinary {
  path: string
  source: 'environment' | 'ffmpeg-static' | 'system'
  version: string
}

/**
 * The FFmpeg to use: FFMPEG_PATH, else the binary that came with ffmpeg-static, else the system's.
 * One that is named but does not run is an error; of the others, one that does not run is passed over.
 */
export async function findFfmpeg(env: NodeJS.ProcessEnv = process.env): Promise<FfmpegBinary | undefined> {
  if (env.FFMPEG_PATH) {
    const version = await versionOf(env.FFMPEG_PATH)
    if (version === undefined) {
      throw new Error(
        `FFMPEG_PATH names ${env.FFMPEG_PATH}, which is not an FFmpeg that runs. Correct it or unset it.`,
      )
    }
    return { path: env.FFMPEG_PATH, source: 'environment', version }
  }

  const candidates = [
    { path: ffmpegStaticPath(), source: 'ffmpeg-static' },
    { path: onPath('ffmpeg', env), source: 'system' },
  ] as const
  for (const { path, source } of candidates) {
    if (path === undefined || !existsSync(path)) continue
    const version = await versionOf(path)
    if (version !== undefined) return { path, source, version }
  }
  return undefined
}

/** Where ffmpeg-static's installer puts its binary, whether it is there or not. */
function ffmpegStaticPath(): string | undefined {
  try {
    const path: unknown = createRequire(import.meta.url)('ffmpeg-static')
    return typeof path === 'string' ? path : undefined
  } catch {
    return undefined
  }
}

function onPath(command: string, env: NodeJS.ProcessEnv): string | undefined {
  return (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, command))
    .find((path) => existsSync(path))
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(path, ['-version'], { timeout: 10_000 })
    return /^ffmpeg version (\S+)/.exec(stdout)?.[1]
  } catch {
    return undefined
  }
}
