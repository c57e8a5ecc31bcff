import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { manifestName } from '../../recorder/manifest.ts'
import { randomId } from '../lib/ids.ts'
import type { Core } from './core.ts'
import { asUnreadable, filesLost, nothingCaptured, whyNotFinished, type Failure } from './failures.ts'
import { keepFiles, sumUp } from './files.store.ts'
import { InTurn } from './in-turn.ts'
import { outputAsConfigured } from './output-plan.ts'
import { insertOutput, outputsOf } from './outputs.store.ts'
import { keepParticipant, keepSpeech, participantsOf } from './participants.store.ts'
import type { Facts } from './processing-facts.ts'
import { stateOf } from './processing-state.ts'
import {
  findRecording,
  lockRecording,
  moveRecording,
  type RecordingRow,
  type Trx,
} from './recordings.store.ts'
import { expiryOf } from './retention.ts'
import type { EndReason } from './shapes.ts'
import { sendAway } from './storing.ts'

/**
 * Brings the rows of a recording that is over in line with its folder: finishes what its writer left, lists participants and
 * files, queues what is to be made. All rows are written at once, so a crash before leaves a recording that is `processing`
 * without files, which is done again from the beginning, and a crash after one that lacks nothing.
 */
export class Processing {
  readonly #core: Core
  /** Files were listed: jobs may be waiting. */
  readonly #listed: () => void
  readonly #turns = new InTurn<string>()

  constructor(core: Core, options: { listed: () => void }) {
    this.#core = core
    this.#listed = options.listed
  }

  /**
   * Does nothing to a recording that is listed already. `said`: why it ended, where somebody knows. Never throws: what passes
   * is tried again by whoever calls again.
   */
  settle(id: string, said?: EndReason): Promise<void> {
    return this.#turns.run(id, () => this.#settleOrSay(id, said))
  }

  async #settleOrSay(id: string, said: EndReason | undefined): Promise<void> {
    const { db, log } = this.#core
    try {
      const row = await findRecording(db, id)
      if (row?.state !== 'recording' && row?.state !== 'processing') return
      await this.#settle(row, said)
    } catch (error) {
      log.warn({ err: error, recordingId: id }, 'a recording could not be finished')
      const { told, passes } = whyNotFinished(error)
      const change = { state: passes ? 'processing' : 'failed', error: JSON.stringify(told) } as const
      // Without a database nothing can be written down; the next round begins here again.
      await moveRecording(db, id, change, ['recording', 'processing']).catch(() => undefined)
    }
    this.#core.changed(id)
  }

  async #settle(row: RecordingRow, said: EndReason | undefined): Promise<void> {
    const { home, manifests } = this.#core
    const { id } = row
    const folder = home.folderOf(id)
    if (!existsSync(folder)) return this.#fail(row, filesLost, said ?? 'server-gone')
    const settled = await asUnreadable(manifests.settle(id))
    if (!settled) return this.#fail(row, nothingCaptured, said ?? 'server-gone')

    const { facts } = settled
    // Without anybody's word, what had ended is known by its own; what had not, has lost its server.
    const reason = said ?? settled.endReason ?? 'server-gone'
    const rows = await asUnreadable(this.#fileRows(id, folder, facts))
    await this.#core.db.transaction().execute((trx) => this.#write(trx, { row, facts, files: rows, reason }))
    sendAway(this.#core, row)
    this.#listed()
  }

  async #write(
    trx: Trx,
    found: {
      row: RecordingRow
      facts: Facts
      files: Parameters<typeof keepFiles>[1]
      reason: EndReason
    },
  ): Promise<void> {
    const { recordings } = this.#core.config
    const { facts, files, reason } = found
    const row = await lockRecording(trx, found.row.id)
    if (row?.state !== 'recording' && row?.state !== 'processing') return
    const { id } = row
    const known = await participantsOf(trx, [id])
    let position = Math.max(-1, ...known.map((participant) => participant.position)) + 1
    for (const { identity, name, spans } of facts.participants) {
      if (!known.some((participant) => participant.identity === identity)) {
        await keepParticipant(trx, { recordingId: id, identity, name, accountId: null, position: position++ })
      }
      await keepSpeech(trx, id, identity, spans)
    }
    await keepFiles(trx, files)
    await sumUp(trx, id)

    const hasTracks = files.some(({ kind }) => kind === 'track')
    const output = outputAsConfigured(recordings)
    if (hasTracks && output && (await outputsOf(trx, [id])).length === 0) {
      await insertOutput(trx, {
        id: `out_${randomId()}`,
        recording_id: id,
        kind: output.kind,
        options: JSON.stringify(output.options),
        state: 'queued',
        error: null,
        created_at: new Date(),
      })
    }
    const { state, error } = hasTracks
      ? stateOf({ error: null }, await outputsOf(trx, [id]))
      : { state: 'failed' as const, error: nothingCaptured }
    await moveRecording(trx, id, {
      ...this.#ended(row, { reason, endedAt: row.ended_at ?? facts.endedAt }),
      state,
      error: error && JSON.stringify(error),
      duration_ms: facts.durationMs,
    })
  }

  /** Rows for the files that are there. */
  async #fileRows(id: string, folder: string, facts: Facts): Promise<Parameters<typeof keepFiles>[1]> {
    const about = (kind: string, name: string) => ({
      id: `fil_${randomId()}`,
      recording_id: id,
      output_id: null,
      kind,
      name,
    })
    const rows = []
    for (const { trackId, name, contentType, durationMs, width, height } of facts.files) {
      const bytes = await sizeOf(join(folder, name))
      if (bytes === undefined) continue
      rows.push({
        ...about('track', name),
        track_id: trackId,
        content_type: contentType,
        bytes,
        duration_ms: durationMs,
        width,
        height,
      })
    }
    const manifest = { track_id: null, content_type: 'application/json', duration_ms: null, width: null }
    const bytes = (await sizeOf(join(folder, manifestName))) ?? 0
    return [...rows, { ...about('manifest', manifestName), ...manifest, height: null, bytes }]
  }

  async #fail(row: RecordingRow, error: Failure, reason: EndReason): Promise<void> {
    await moveRecording(
      this.#core.db,
      row.id,
      {
        ...this.#ended(row, { reason, endedAt: row.ended_at ?? new Date() }),
        state: 'failed',
        error: JSON.stringify(error),
      },
      ['recording', 'processing'],
    )
  }

  #ended(row: RecordingRow, { reason, endedAt }: { reason: EndReason; endedAt: Date }) {
    return {
      ended_at: endedAt,
      end_reason: row.end_reason ?? reason,
      expires_at: row.expires_at ?? expiryOf(endedAt, this.#core.config.recordings),
    }
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
