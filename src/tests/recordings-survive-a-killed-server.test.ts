import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openDatabase, type Db } from '../db/database.ts'
import { filesOf } from '../recordings/files.store.ts'
import { outputsOf } from '../recordings/outputs.store.ts'
import { findRecording } from '../recordings/recordings.store.ts'
import { emptyDatabase, silent } from './support/databases.ts'
import { recordFolder, sendRecorded } from './support/recorded-folder.ts'
import { run } from './support/recorder-media.ts'
import type { Command } from './support/recordings-process.ts'
import { until } from './support/until.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'sluice-killed-'))
let url: string
let db: Db
let fixture: string
before(async () => {
  url = (await emptyDatabase('PostgreSQL', dataDir)).url!
  db = await openDatabase({ url, dataDir, log: silent })
  fixture = await recordFolder(join(dataDir, 'fixture'), 'stopped')
})
after(async () => {
  await db.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const folderOf = (id: string) => join(dataDir, 'recordings', id)

/** A process that looks after recordings. */
async function startServer(): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'support', 'recordings-process.ts'), [], {
    env: {
      ...process.env,
      SLUICE_DATABASE_URL: url,
      SLUICE_DATA_DIR: dataDir,
      SLUICE_RECORDINGS_MIN_FREE_MEGABYTES: '16',
    },
  })
  await once(child, 'message')
  return child
}

async function ask<T>(server: ChildProcess, command: Command): Promise<T> {
  server.send(command)
  return ((await once(server, 'message')) as [T])[0]
}

async function kill(server: ChildProcess): Promise<void> {
  server.kill('SIGKILL')
  await once(server, 'exit')
}

async function close(server: ChildProcess): Promise<void> {
  await ask(server, { act: 'close' })
  const exited = once(server, 'exit')
  server.disconnect()
  await exited
}

/** FFmpegs that make something in this data folder. */
function renderersAtWork(): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const isAlive = !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
      return isAlive && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`RENDER_FOLDER=${dataDir}`)
    } catch {
      return false
    }
  })
}

async function isReady(id: string): Promise<void> {
  await until(`${id} is ready`, async () => (await findRecording(db, id))?.state === 'ready', {
    why: async () => [await findRecording(db, id), await outputsOf(db, [id])],
    patienceMs: 60_000,
  })
  const files = await filesOf(db, [id])
  const names = files.map(({ name }) => name)
  assert.deepEqual(readdirSync(folderOf(id)).toSorted(), names.toSorted(), 'nothing unfinished is left')
  for (const { name, bytes } of files) {
    assert.equal(readFileSync(join(folderOf(id), name)).length, bytes)
  }
  const media = files.filter(({ kind }) => kind === 'track' || kind === 'video')
  for (const { name } of media) {
    const path = join(folderOf(id), name)
    assert.equal((await run('ffmpeg', ['-v', 'error', '-i', path, '-f', 'null', '-'])).toString(), '')
  }
}

test('a server killed while it records and while it makes a video goes on where it was', async (t) => {
  const server = await startServer()
  const { recordingId: rendered } = await ask<{ recordingId: string }>(server, { act: 'record', fixture })
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => socket.close())
  const { recordingId: recorded, port } = await ask<{ recordingId: string; port: number }>(server, {
    act: 'begin',
    fromPort: socket.address().port,
  })
  const sending = sendRecorded(socket, { camera: port })
  await until('a video is made', () => renderersAtWork().length > 0)
  await sending
  const sentAt = Date.now()
  await kill(server)
  await until('no FFmpeg is left', () => renderersAtWork().length === 0)
  const [output] = await outputsOf(db, [rendered])
  const stateAtKill = output!.state
  assert.equal((await findRecording(db, recorded))?.state, 'recording')

  const next = await startServer()
  await isReady(rendered)
  await isReady(recorded)
  t.diagnostic(`the killed one was ${stateAtKill}; both were ready ${Date.now() - sentAt} ms after the kill`)
  const row = (await findRecording(db, recorded))!
  assert.equal(row.end_reason, 'server-gone')
  // Two seconds were sent, and nothing was lost: the recorder finishes by itself.
  const track = (await filesOf(db, [recorded])).find(({ kind }) => kind === 'track')
  assert.ok(track!.duration_ms! >= 1900, `${track!.duration_ms} ms`)
  assert.equal((await outputsOf(db, [rendered])).length, 1)
  await close(next)
})

test('killed again and again while it makes a video, it says so in the end', async () => {
  const { recordingId } = await (async () => {
    const server = await startServer()
    const begun = await ask<{ recordingId: string }>(server, { act: 'record', fixture })
    await until('a video is made', () => renderersAtWork().length > 0)
    await kill(server)
    return begun
  })()
  for (const attempt of [2, 3]) {
    const server = await startServer()
    await until(`it is tried for the ${attempt}. time`, async () => {
      const [output] = await outputsOf(db, [recordingId])
      return output?.attempts === attempt && renderersAtWork().length > 0
    })
    await kill(server)
  }
  const last = await startServer()
  await until('it has failed', async () => (await findRecording(db, recordingId))?.state === 'failed')
  assert.equal((await findRecording(db, recordingId))?.error?.['code'], 'server-died')
  const tracks = (await filesOf(db, [recordingId])).filter(({ kind }) => kind === 'track')
  assert.equal(tracks.length, 2, 'what was captured is there')
  await close(last)
})
