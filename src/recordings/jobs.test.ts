import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { forEachDatabase } from '../tests/support/databases.ts'
import { recordFixtures, type Fixture } from '../tests/support/recorded-folder.ts'
import { quickRender, RecordingsStage } from '../tests/support/recordings-stage.ts'
import { until } from '../tests/support/until.ts'

let fixtures: Record<Fixture, string>
const root = mkdtempSync(join(tmpdir(), 'sluice-fixtures-'))
before(async () => {
  fixtures = await recordFixtures(root)
})
after(() => rmSync(root, { recursive: true, force: true }))

forEachDatabase('as many videos are made at the same time as are configured, and no more', async (db, t) => {
  const stage = await RecordingsStage.create(t, { db, settings: { SLUICE_RECORDINGS_JOBS: '2' } })
  const going: (() => void)[] = []
  stage.render = async (options) => {
    await new Promise<void>((resolve) => going.push(resolve))
    return quickRender(options)
  }
  const ids = [
    await stage.record(fixtures.stopped),
    await stage.record(fixtures.stopped),
    await stage.record(fixtures.stopped),
  ]
  await stage.recordings.recover()
  await until('two are made', () => going.length === 2)
  const states = await Promise.all(ids.map(async (id) => (await stage.outputs(id))[0]!.state))
  assert.deepEqual(states.toSorted(), ['queued', 'running', 'running'])
  going[0]!()
  await until('the third has its turn', () => going.length === 3)
  assert.equal(stage.rendered, 3)
  for (const resume of going) resume()
  for (const id of ids) await stage.reaches(id, 'ready')
})
