import { rm } from 'node:fs/promises'
import type { RenderedFile } from '../../recorder/outputs/render.ts'
import { randomId } from '../lib/ids.ts'
import { minFreeBytes, type Core, type Render } from './core.ts'
import { filesOf, keepFiles, sumUp } from './files.store.ts'
import { fullDisk, JobError, noFfmpeg, whyNotMade, type Failure } from './failures.ts'
import { outputsFailedFor } from './host.store.ts'
import { refreshState, waitingOutputs } from './jobs.store.ts'
import { planOf } from './output-plan.ts'
import { moveOutput, type OutputRow } from './outputs.store.ts'
import { findRecording, lockRecording, moveRecording, type RecordingRow } from './recordings.store.ts'
import { sendAway } from './storing.ts'

export interface JobsOptions {
  readonly render: Render
  /** Path of an FFmpeg that runs; undefined where there is none. */
  readonly findFfmpeg: () => Promise<string | undefined>
  /** The first pause before something is tried again; each further one is twice as long. */
  readonly retryMs?: number
}

interface Running {
  readonly recordingId: string
  readonly abort: AbortController
  done: Promise<void>
}

/** Who waits for something else, such as room on the disk, is looked at again after so long. */
const pauseMs = 60_000
const longestRetryMs = 600_000
const progressEveryMs = 1000
/** Of those that wait, so many are looked at for whose turn it is. */
const consideredAtOnce = 500

/**
 * Makes videos and sounds of recordings, `recordings.jobs` at a time. The queue is the table of outputs, so it outlives the
 * process. A recording is made by the server that has its folder, whoever asked for it.
 */
export class Jobs {
  readonly #core: Core
  readonly #options: JobsOptions
  readonly #running = new Map<string, Running>()
  /** When a recording was served last, so that who asks for twenty videos does not hold up who asks for one. */
  readonly #served = new Map<string, number>()
  #turn = 0
  #timer: NodeJS.Timeout | undefined
  #filling: Promise<void> | undefined
  #fillsAgain = false
  #isStarted = false
  #isClosed = false

  constructor(core: Core, options: JobsOptions) {
    this.#core = core
    this.#options = options
  }

  /** From now on there is work; what failed for want of an FFmpeg is made where there is one now. */
  async start(): Promise<void> {
    const { db, home } = this.#core
    const missed = home.host === undefined ? [] : await outputsFailedFor(db, home.host, noFfmpeg.code)
    if (missed.length > 0 && (await this.#options.findFfmpeg()) !== undefined) {
      for (const { id, recording_id: recordingId } of missed) {
        await db.transaction().execute(async (trx) => {
          await lockRecording(trx, recordingId)
          const fresh = { state: 'queued', attempts: 0, error: null, finished_at: null } as const
          await moveOutput(trx, id, fresh, ['failed'])
          await refreshState(trx, recordingId)
        })
      }
    }
    this.#isStarted = true
    this.wake()
  }

  /** Something may be to do. */
  wake(): void {
    if (!this.#isStarted || this.#isClosed) return
    this.#fillsAgain = true
    this.#filling ??= this.#fillUntilCalm().finally(() => (this.#filling = undefined))
  }

  /** Ends what is being made of a recording, or one of them; resolves when nothing of it runs. Nothing new begins by this. */
  async abort(recordingId: string, outputId?: string): Promise<void> {
    const ended = [...this.#running].filter(
      ([id, job]) => job.recordingId === recordingId && (outputId ?? id) === id,
    )
    for (const [, { abort }] of ended) abort.abort()
    await Promise.all(ended.map(([, { done }]) => done))
  }

  /** Ends what is being made; it is queued again. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#filling
    for (const { abort } of this.#running.values()) abort.abort()
    await Promise.all(Array.from(this.#running.values(), ({ done }) => done))
  }

  async #fillUntilCalm(): Promise<void> {
    while (this.#fillsAgain && !this.#isClosed) {
      this.#fillsAgain = false
      try {
        await this.#fill()
      } catch (error) {
        this.#core.log.warn({ err: error }, 'the queue of recordings could not be read')
        this.#wakeIn(pauseMs)
      }
    }
  }

  async #fill(): Promise<void> {
    const { db, home, config } = this.#core
    const { host } = home
    if (host === undefined || this.#running.size >= config.recordings.jobs) return
    const waiting = await waitingOutputs(db, {
      host,
      running: [...this.#running.keys()],
      limit: consideredAtOnce,
    })
    const now = Date.now()
    const dueAt = ({ next_attempt_at: at }: OutputRow) => at?.getTime() ?? 0
    const due = waiting.filter((output) => dueAt(output) <= now)
    const servedLast = ({ recording_id: id }: OutputRow) => this.#served.get(id) ?? 0
    while (due.length > 0 && this.#running.size < config.recordings.jobs && !this.#isClosed) {
      const next = due.reduce((best, output) => (servedLast(output) < servedLast(best) ? output : best))
      due.splice(due.indexOf(next), 1)
      this.#served.set(next.recording_id, ++this.#turn)
      this.#begin(next)
    }
    const later = waiting.map(dueAt).filter((at) => at > now)
    if (later.length > 0) this.#wakeIn(Math.min(pauseMs, Math.min(...later) - now))
    const ids = new Set(waiting.map(({ recording_id: id }) => id))
    if (due.length === 0) for (const id of this.#served.keys()) if (!ids.has(id)) this.#served.delete(id)
  }

  #wakeIn(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.wake(), Math.max(ms, 10)).unref()
  }

  #begin(output: OutputRow): void {
    const abort = new AbortController()
    const job: Running = { recordingId: output.recording_id, abort, done: Promise.resolve() }
    this.#running.set(output.id, job)
    job.done = this.#run(output, abort.signal)
      .catch((error: unknown) => {
        // Most likely there is no database; the row says `running`, and the next look finds that nobody does.
        this.#core.log.warn({ err: error, outputId: output.id }, 'what became of a job was not written down')
        this.#wakeIn(pauseMs)
      })
      .finally(() => {
        this.#running.delete(output.id)
        this.#core.changed(output.recording_id)
        this.wake()
      })
  }

  async #run(output: OutputRow, signal: AbortSignal): Promise<void> {
    const { recordings } = this.#core.config
    const recording = await findRecording(this.#core.db, output.recording_id)
    if (!recording) return
    if (output.state === 'running' && output.attempts >= recordings.jobAttempts) {
      const message = `The server died ${output.attempts} times while it was made.`
      return this.#failed(output, { code: 'server-died', message })
    }
    const room = await this.#core.home.freeBytes()
    if (room < minFreeBytes(this.#core.config)) return this.#postpone(output, fullDisk)
    if (!(await this.#claim(output))) return
    this.#core.changed(recording.id)
    try {
      const files = await this.#make(output, { recording, signal })
      signal.throwIfAborted()
      await this.#done(output, files)
    } catch (error) {
      if (signal.aborted) await this.#aborted(output)
      else await this.#failedFor(output, error)
    }
  }

  /** Whether it is ours to make: its recording may be going, or its row gone. */
  #claim(output: OutputRow): Promise<boolean> {
    return this.#core.db.transaction().execute(async (trx) => {
      const recording = await lockRecording(trx, output.recording_id)
      if (!recording || recording.state === 'recording' || recording.state === 'deleting') return false
      const change = { state: 'running', progress: 0, attempts: output.attempts + 1, error: null } as const
      const claimed = await moveOutput(trx, output.id, { ...change, next_attempt_at: null }, [
        'queued',
        'running',
      ])
      if (claimed) await refreshState(trx, recording.id)
      return claimed
    })
  }

  async #make(
    output: OutputRow,
    { recording, signal }: { recording: RecordingRow; signal: AbortSignal },
  ): Promise<readonly RenderedFile[]> {
    const { home, log } = this.#core
    const ffmpeg = await this.#options.findFfmpeg()
    if (ffmpeg === undefined) throw new JobError(noFfmpeg)
    await this.#core.folders.run(recording.id, () => this.#bringBack(recording.id))
    signal.throwIfAborted()
    const folder = home.folderOf(recording.id)
    const plan = planOf(output)
    const { layout, size, names } =
      plan.kind === 'video' ? plan.options : ({ layout: 'grid', size: '640x360', names: false } as const)
    const [width = 0, height = 0] = size.split('x').map(Number)
    return this.#options.render({
      folder,
      name: output.id,
      kind: plan.kind,
      layout,
      size: { width, height },
      names,
      ffmpeg,
      scratch: home.scratchOf(output.id),
      onProgress: this.#progressOf(output),
      onWarning: (text) =>
        log.warn({ recordingId: recording.id, outputId: output.id, text }, 'a video lacks something'),
      signal,
    })
  }

  /** Gets the tracks back from the bucket, where they are only there. They stay for a while, as after a recording. */
  async #bringBack(id: string): Promise<void> {
    const { db, home, uploads, config } = this.#core
    const recording = await findRecording(db, id)
    if (!recording || recording.is_local) return
    const files = await filesOf(db, [recording.id])
    const wanted = files.filter(({ kind }) => kind === 'track' || kind === 'manifest')
    const bytes = wanted.reduce((sum, file) => sum + file.bytes, 0)
    if ((await home.freeBytes()) < minFreeBytes(config) + bytes) throw new JobError(fullDisk, true)
    await uploads.restore({
      recordingId: recording.id,
      folder: home.folderOf(recording.id),
      prefix: recording.prefix,
      names: wanted.map(({ name }) => name),
    })
    await moveRecording(db, recording.id, { is_local: true, stored_at: new Date() })
  }

  #progressOf(output: OutputRow): (share: number) => void {
    let writtenAt = 0
    let written = 0
    return (share) => {
      const now = performance.now()
      if (now - writtenAt < progressEveryMs || share - written < 0.005) return
      writtenAt = now
      written = share
      moveOutput(this.#core.db, output.id, { progress: Math.min(1, share) }, ['running']).then(
        () => this.#core.changed(output.recording_id),
        () => undefined,
      )
    }
  }

  async #done(output: OutputRow, files: readonly RenderedFile[]): Promise<void> {
    const { db, home } = this.#core
    const id = output.recording_id
    const kept = await db.transaction().execute(async (trx) => {
      const recording = await lockRecording(trx, id)
      if (!recording || recording.state === 'deleting') return undefined
      const change = { state: 'ready', progress: 1, error: null, finished_at: new Date() } as const
      if (!(await moveOutput(trx, output.id, change, ['running']))) return undefined
      await keepFiles(
        trx,
        files.map((file) => ({
          id: `fil_${randomId()}`,
          recording_id: id,
          output_id: output.id,
          track_id: null,
          kind: file.kind,
          name: file.name,
          content_type: file.contentType,
          bytes: file.bytes,
          duration_ms: file.durationMs ?? null,
          width: file.width ?? null,
          height: file.height ?? null,
        })),
      )
      await sumUp(trx, id)
      // What is new is not in the bucket yet.
      await moveRecording(trx, id, { stored_at: null })
      await refreshState(trx, id)
      return recording
    })
    await rm(home.scratchOf(output.id), { recursive: true, force: true })
    if (!kept) return
    sendAway(this.#core, kept)
  }

  /** The server closes, or somebody does not want it any more; only in the first case there is a row that says `running`. */
  async #aborted(output: OutputRow): Promise<void> {
    if (!this.#isClosed) return
    const change = { state: 'queued', progress: 0, attempts: output.attempts } as const
    await moveOutput(this.#core.db, output.id, change, ['running'])
  }

  async #failedFor(output: OutputRow, error: unknown): Promise<void> {
    const { log, config } = this.#core
    const attempt = output.attempts + 1
    const { told, passes } = whyNotMade(error)
    log.warn({ err: error, recordingId: output.recording_id, outputId: output.id, attempt }, 'a job failed')
    if (!passes || attempt >= config.recordings.jobAttempts) return this.#failed(output, told)
    const { retryMs = 10_000 } = this.#options
    const pause = Math.min(retryMs * 2 ** (attempt - 1), longestRetryMs) * (0.75 + Math.random() / 2)
    await moveOutput(
      this.#core.db,
      output.id,
      { state: 'queued', error: JSON.stringify(told), next_attempt_at: new Date(Date.now() + pause) },
      ['running'],
    )
  }

  async #failed(output: OutputRow, error: Failure): Promise<void> {
    const { db, home } = this.#core
    await db.transaction().execute(async (trx) => {
      await lockRecording(trx, output.recording_id)
      const change = { state: 'failed', error: JSON.stringify(error), finished_at: new Date() } as const
      await moveOutput(trx, output.id, change, ['queued', 'running'])
      await refreshState(trx, output.recording_id)
    })
    await rm(home.scratchOf(output.id), { recursive: true, force: true })
  }

  /** It is not its fault: no attempt is counted. */
  async #postpone(output: OutputRow, error: Failure): Promise<void> {
    const at = new Date(Date.now() + pauseMs)
    const change = { state: 'queued', error: JSON.stringify(error), next_attempt_at: at } as const
    await moveOutput(this.#core.db, output.id, change, ['queued', 'running'])
  }
}
