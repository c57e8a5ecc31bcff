import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { noStatistics, writeManifest, type Manifest, type RecordedFile } from '../../recorder/manifest.ts'
import { TaskThread } from '../lib/task-thread.ts'
import { silent } from '../tests/support/databases.ts'
import { manifestTasks } from './manifest-tasks.ts'
import { Manifests } from './manifests.ts'

const row = { id: 'rec_day', prefix: 'kept/rec_day', storage: 'disk' }

/** What people send in a day in which each comes and goes ten times. */
function longDay(tracks: number): Manifest {
  const hourMs = 3_600_000
  const file = (name: string, offsetMs: number): RecordedFile => ({
    ...{ name, state: 'finished', offsetMs, driftPpm: 12.3, clock: 'sender-reports', durationMs: hourMs },
    ...{ bytes: 10_000_000, frames: 90_000, width: 1280, height: 720, startReason: 'first', moreGaps: 0 },
    gaps: Array.from({ length: 5 }, (_, place) => ({
      ...{ fromMs: place * 60_000, toMs: place * 60_000 + 800, lostPackets: 40 },
    })),
  })
  return {
    ...{ version: 1, recordingId: row.id, state: 'finished', startedAt: '2026-11-20T00:00:00.000Z' },
    ...{ endedAt: '2026-11-21T00:00:00.000Z', endReason: 'stopped', writer: 1 },
    tracks: Array.from({ length: tracks }, (_, place) => ({
      ...{ trackId: `t${place}`, participantId: `p${place % 500}`, displayName: 'Ana', source: 'camera' },
      ...{ codec: 'vp8', addedMs: place, endedMs: place + hourMs, endReason: 'closed' },
      statistics: noStatistics,
      speech: [[place, place + 1000]],
      files: [1, 2].map((part) => file(`t${place}-${part}.webm`, place + part)),
    })),
  }
}

async function keep(t: TestContext, manifest: Manifest | undefined, bucket?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-manifests-'))
  if (manifest) await writeManifest(folder, manifest)
  const manifests = new Manifests({
    home: { folderOf: () => folder },
    objects: {
      kind: bucket === undefined ? 'disk' : 's3',
      head: async () => ({ bytes: bucket?.length ?? 0, contentType: 'application/json' }),
      read: async () => Readable.from([Buffer.from(bucket ?? '')]),
    },
    log: silent,
  })
  t.after(async () => {
    await manifests.close()
    rmSync(folder, { recursive: true })
  })
  return { folder, manifests }
}

/** Milliseconds of this thread that something takes. */
async function ownTime(act: () => Promise<unknown>): Promise<number> {
  const before = process.threadCpuUsage()
  await act()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

test('a day of thousands of tracks is read page by page, and not by the thread that serves everybody', async (t) => {
  const { folder, manifests } = await keep(t, longDay(5000))
  const page = { from: 4990, limit: 100 }
  const here = await ownTime(() => manifestTasks.tracks({ source: { folder }, ...page }))
  assert.equal((await manifests.tracks(row, page))?.total, 5000)
  const beside = await ownTime(() => manifests.tracks(row, { from: 0, limit: 100 }))
  const whole = await ownTime(() => manifests.track(row, 't4321'))
  const settled = await ownTime(() => manifests.settle(row.id))
  t.diagnostic(
    `read here: ${here.toFixed(0)} ms; in the thread: a page ${beside.toFixed(1)}, a track ${whole.toFixed(1)}, settled ${settled.toFixed(0)}`,
  )
  assert.ok(beside < here / 4 && whole < here / 4, 'most of it is done elsewhere')

  const found = await manifests.tracks(row, page)
  assert.deepEqual([found?.tracks.length, found?.tracks.at(-1)?.trackId], [10, 't4999'])
  assert.deepEqual(found?.tracks[0]?.files[0]?.gaps, [], 'what pages do not show is left out')
  assert.equal((await manifests.track(row, 't4321'))?.files[0]?.gaps.length, 5)
  assert.equal(await manifests.track(row, 'none'), undefined)
  const facts = (await manifests.settle(row.id))?.facts
  assert.deepEqual([facts?.files.length, facts?.participants.length], [10_000, 500])
})

test('one that changes is read anew, and what is wrong with it is told as it would be here', async (t) => {
  const { folder, manifests } = await keep(t, longDay(1000))
  assert.equal((await manifests.tracks(row, { from: 0, limit: 1 }))?.total, 1000)
  await writeManifest(folder, longDay(999))
  assert.equal((await manifests.tracks(row, { from: 0, limit: 1 }))?.total, 999)
  const unknown = { ...longDay(1000), version: 2 }
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(unknown))
  await assert.rejects(manifests.tracks(row, { from: 0, limit: 1 }), /no manifest of this version/)
  assert.equal(await manifests.tracks(row, { from: 0, limit: 1 }).catch(() => 'again'), 'again')
})

test('a thread that is closed says so to who waits, and the next task begins another', async (t) => {
  const { folder } = await keep(t, longDay(5000))
  const thread = new TaskThread<typeof manifestTasks>({
    file: new URL('manifest-thread.ts', import.meta.url),
    idleMs: 10,
  })
  const asked = { source: { folder }, from: 0, limit: 1 }
  const refused = assert.rejects(thread.run('tracks', asked), /the thread was closed/)
  await thread.close()
  await refused
  assert.equal((await thread.run('tracks', asked))?.total, 5000)
  // That it ends when nobody asks, the end of this process shows: nothing closes it.
})

test('where the folder is not here, the bucket has it', async (t) => {
  const text = JSON.stringify(longDay(2000))
  const { folder, manifests } = await keep(t, undefined, text)
  assert.ok(!existsSync(join(folder, 'manifest.json')))
  const stored = { ...row, storage: 's3' }
  assert.equal((await manifests.tracks(stored, { from: 0, limit: 1 }))?.total, 2000)
  assert.equal(await manifests.tracks(row, { from: 0, limit: 1 }), undefined, 'not of one kept on the disk')
})
