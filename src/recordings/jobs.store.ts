import type { Queryable } from '../db/tables.ts'
import { outputsOf, type OutputRow } from './outputs.store.ts'
import { stateOf } from './processing-state.ts'
import { lockRecording, moveRecording, type Trx } from './recordings.store.ts'

/** The table of outputs as a queue. */

/**
 * What may be made on a machine, oldest first. Those that are `running` and that nobody runs are left of a process that was
 * killed; `running` names the others.
 */
export function waitingOutputs(
  db: Queryable,
  options: { host: string; running: readonly string[]; limit: number },
): Promise<OutputRow[]> {
  const { host, running, limit } = options
  let query = db
    .selectFrom('recording_outputs')
    .innerJoin('recordings', 'recordings.id', 'recording_outputs.recording_id')
    .selectAll('recording_outputs')
    .where('recordings.host', '=', host)
    .where('recordings.state', 'in', ['processing', 'ready', 'failed'])
    .where('recording_outputs.state', 'in', ['queued', 'running'])
    .orderBy('recording_outputs.created_at')
    .orderBy('recording_outputs.id')
    .limit(limit)
  if (running.length > 0) query = query.where('recording_outputs.id', 'not in', running)
  return query.$narrowType<OutputRow>().execute()
}

/** Brings the state of a recording in line with what is made of it. */
export async function refreshState(trx: Trx, recordingId: string): Promise<void> {
  const row = await lockRecording(trx, recordingId)
  if (row === undefined || row.state === 'recording' || row.state === 'deleting') return
  const { state, error } = stateOf(row, await outputsOf(trx, [recordingId]))
  await moveRecording(trx, recordingId, { state, error: error && JSON.stringify(error) })
}
