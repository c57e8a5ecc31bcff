import assert from 'node:assert/strict'
import type { TestServer } from './server.ts'
import { until } from './until.ts'

/** Action, kind of actor, recording, and why it ended. */
export type AuditedAct = readonly [
  action: string,
  actor: string,
  recordingId: unknown,
  reason: string | undefined,
]

/** Waits until the audit log has so many entries on the recording of a room, and finds these, in this order. */
export async function isAudited(
  server: TestServer,
  roomId: string,
  wanted: readonly AuditedAct[],
): Promise<void> {
  const { audit } = await server.app.services()
  const found = async () => {
    const { items } = await audit.find({ target: roomId, limit: 50 })
    const ours = items.filter(({ action }) => action.startsWith('recording.')).toReversed()
    return ours.map(({ action, actor_kind: actor, data }) => [
      action,
      actor,
      data?.['recordingId'],
      data?.['reason'],
    ])
  }
  const acts = await until(
    `${wanted.length} acts are written down`,
    async () => {
      const acts = await found()
      return acts.length >= wanted.length && acts
    },
    { why: found },
  )
  assert.deepEqual(acts, wanted)
}
