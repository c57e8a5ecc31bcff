import { AppError } from '../lib/app-error.ts'
import { randomId } from '../lib/ids.ts'
import { noSuchRecording } from './access.ts'
import type { Core } from './core.ts'
import type { Deletion } from './deletion.ts'
import { hasTracks } from './files.store.ts'
import { refreshState } from './jobs.store.ts'
import type { Jobs } from './jobs.ts'
import { isSamePlan, outputAsAsked, planOf } from './output-plan.ts'
import { findOutput, insertOutput, moveOutput, outputsOf, type OutputRow } from './outputs.store.ts'
import { areFilesLost } from './processing-state.ts'
import { lockRecording } from './recordings.store.ts'
import type { NewOutput } from './shapes.ts'

/** More things made of one recording are refused. */
export const maxOutputs = 20

/** What people want made of recordings, or have had enough of. */
export class Outputs {
  readonly #core: Core
  readonly #jobs: Jobs
  readonly #deletion: Deletion

  constructor(core: Core, parts: { jobs: Jobs; deletion: Deletion }) {
    this.#core = core
    this.#jobs = parts.jobs
    this.#deletion = parts.deletion
  }

  /**
   * Makes something of the tracks. Who asks for the same again gets the one there is; one that has failed is tried again.
   * Throws `not-found`, and `conflict` where there is nothing (yet) that something could be made of.
   */
  async make(id: string, asked: NewOutput): Promise<{ output: OutputRow; isNew: boolean }> {
    const plan = outputAsAsked(asked, this.#core.config.recordings)
    const made = await this.#core.db.transaction().execute(async (trx) => {
      const row = await lockRecording(trx, id)
      if (!row || row.state === 'deleting') throw noSuchRecording()
      if (row.state === 'recording') throw new AppError('conflict', 'This recording goes on. Stop it first.')
      if (areFilesLost(row) || !(await hasTracks(trx, id))) {
        throw new AppError('conflict', 'There is nothing in this recording that something could be made of.')
      }
      const known = await outputsOf(trx, [id])
      const same = known.find((output) => isSamePlan(planOf(output), plan))
      if (same && same.state !== 'failed') return { output: same, isNew: false }
      const outputId = same?.id ?? `out_${randomId()}`
      const fresh = {
        state: 'queued',
        progress: 0,
        attempts: 0,
        error: null,
        created_at: new Date(),
      } as const
      if (same) await moveOutput(trx, outputId, { ...fresh, next_attempt_at: null, finished_at: null })
      else {
        if (known.length >= maxOutputs) {
          const message = `A recording has at most ${maxOutputs} outputs. Delete one first.`
          throw new AppError('limit-exceeded', message, { limit: 'outputs', max: maxOutputs })
        }
        const options = JSON.stringify(plan.options)
        await insertOutput(trx, { ...fresh, id: outputId, recording_id: id, kind: plan.kind, options })
      }
      await refreshState(trx, id)
      return { output: (await findOutput(trx, id, outputId))!, isNew: true }
    })
    if (made.isNew) {
      this.#jobs.wake()
      this.#core.changed(id)
    }
    return made
  }

  /** Deletes what was made of it; the tracks stay. Throws `not-found`. */
  async remove(id: string, outputId: string): Promise<void> {
    await this.#deletion.markOutput(id, outputId)
    await this.#deletion.finishOutput(id, outputId)
  }
}
