import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { arch, platform, release } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { mediasoupPackage } from './mediasoup.ts'
import { run } from './run.ts'

/** How long the server may take to answer. Behind a closed firewall nobody answers, and a build waits for this. */
const answerTimeoutMs = 10_000
/** How long the whole download (about 10 MB) may take. */
const downloadTimeoutMs = 180_000

/**
 * Where mediasoup publishes the worker of this version for this machine. The names, and the two environment variables
 * below, are those of mediasoup's own installer, which is not run because it would go on to a build with pip.
 */
export function prebuiltUrl(
  machine: { platform: string; arch: string; release: string } = {
    platform: platform(),
    arch: arch(),
    release: release(),
  },
  env: NodeJS.ProcessEnv = process.env,
): string {
  const { version, repository } = mediasoupPackage
  const base =
    env.MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL ??
    `${repository.url.replace(/^git\+/, '').replace(/\.git$/, '')}/releases/download`
  const kernel = machine.platform === 'linux' ? `-kernel${machine.release.split('.')[0] ?? ''}` : ''

  return `${base}/${version}/mediasoup-worker-${version}-${machine.platform}-${machine.arch}${kernel}.tgz`
}

export function prebuiltIsWanted(env: NodeJS.ProcessEnv = process.env): boolean {
  return !env.MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD || Boolean(env.MEDIASOUP_FORCE_WORKER_PREBUILT_DOWNLOAD)
}

/** Downloads and unpacks the official binary into `folder`, or throws an error whose message says why it could not. */
export async function downloadPrebuilt(folder: string): Promise<string> {
  const archive = join(folder, 'mediasoup-worker.tgz')
  const answered = new AbortController()
  const timer = setTimeout(() => answered.abort(), answerTimeoutMs)

  try {
    const response = await fetch(prebuiltUrl(), {
      signal: AbortSignal.any([answered.signal, AbortSignal.timeout(downloadTimeoutMs)]),
    })
    clearTimeout(timer)
    if (response.status === 404) throw new Error('there is none for this platform')
    if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`)
    await pipeline(Readable.fromWeb(response.body), createWriteStream(archive))
  } catch (error) {
    throw new Error(reasonOf(error), { cause: error })
  } finally {
    clearTimeout(timer)
  }

  const unpacked = await run('tar', ['-xzf', archive, '-C', folder])
  await rm(archive, { force: true })
  if (unpacked.code !== 0) throw new Error(`it could not be unpacked: ${unpacked.output}`)
  return join(folder, 'mediasoup-worker')
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'the server does not answer'
  // fetch says only "fetch failed"; the cause knows whether it was the name, the route or the certificate.
  const cause = error.cause
  return cause instanceof Error ? cause.message : error.message
}
