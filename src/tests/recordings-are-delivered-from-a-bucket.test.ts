import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { findFfmpeg } from '../../recorder/ffmpeg-binary.ts'
import { readManifest, writeManifest } from '../../recorder/manifest.ts'
import { randomId } from '../lib/ids.ts'
import { filesOf, keepFiles } from '../recordings/files.store.ts'
import { findRecording, moveRecording } from '../recordings/recordings.store.ts'
import { person, type Person } from './support/accounts.ts'
import { keepRecording, type KeptRecording } from './support/kept-recording.ts'
import { S3Server } from './support/s3-server.ts'
import { startServer, type TestServer } from './support/server.ts'

let bucket: S3Server
let server: TestServer
let ana: Person
before(async () => {
  bucket = await S3Server.start()
  const { accessKeyId, secretAccessKey, bucket: name, endpoint } = bucket.storage()
  const settings = {
    SLUICE_STORAGE_KIND: 's3',
    SLUICE_STORAGE_BUCKET: name,
    SLUICE_STORAGE_ENDPOINT: endpoint,
    SLUICE_STORAGE_PATH_STYLE: 'true',
    SLUICE_STORAGE_ACCESS_KEY_ID: accessKeyId,
    SLUICE_STORAGE_SECRET_ACCESS_KEY: secretAccessKey,
  }
  server = await startServer(settings, undefined, { withDatabase: true })
  ana = await person(server, { name: 'Ana' })
})
after(async () => {
  await server.close()
  await bucket.close()
})

const video = Buffer.from('a video in a bucket')

const kept = (title: string): Promise<KeptRecording> =>
  keepRecording(server, { title, video, startedBy: { kind: 'account', id: ana.id, name: 'Ana' } })

/** All of it is in the bucket and nowhere else. */
async function moveAway({ id, folder }: KeptRecording): Promise<void> {
  const { db } = await server.app.services()
  const { prefix } = (await findRecording(db, id))!
  for (const { name } of await filesOf(db, [id])) {
    await bucket.put(`${prefix}/${name}`, await readFile(join(folder, name)))
  }
  await moveRecording(db, id, { is_local: false, stored_at: new Date() })
  await rm(folder, { recursive: true })
}

const ask = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server.url}/api/v1${path}`, {
    redirect: 'manual',
    headers: { authorization: ana.client.authorization!, ...headers },
  })

test('videos are played and saved at the bucket, pictures come through this server', async () => {
  const recording = await kept('Álgebra; "7b"')
  await moveAway(recording)
  const { id, files } = recording
  const played = await ask(`/recordings/${id}/files/${files.video}`)
  assert.equal(played.status, 302)
  const part = await fetch(played.headers.get('location')!, { headers: { range: 'bytes=2-6' } })
  assert.equal(part.status, 206)
  assert.equal(await part.text(), 'video')
  assert.equal(part.headers.get('content-type'), 'video/mp4')
  const saved = await ask(`/recordings/${id}/files/${files.video}?download=1`)
  const whole = await fetch(saved.headers.get('location')!)
  assert.deepEqual(Buffer.from(await whole.arrayBuffer()), video)
  assert.match(whole.headers.get('content-disposition')!, /^attachment; .*filename\*=UTF-8''%C3%81lgebra/)
  const poster = await ask(`/recordings/${id}/files/${files.poster}`)
  assert.equal(poster.status, 200)
  assert.equal(await poster.text(), 'a poster')
  const some = await ask(`/recordings/${id}/files/${files.poster}`, { range: 'bytes=2-' })
  assert.equal(some.headers.get('content-range'), 'bytes 2-7/8')
  assert.equal(await some.text(), 'poster')

  const share = await ana.client.post(`/recordings/${id}/shares`, { expiresInSeconds: 60 })
  const [token] = /[\w-]{32}$/.exec((share.body as { url: string }).url)!
  const shared = await fetch(`${server.url}/api/v1/shared-recordings/${token}/files/${files.video}`, {
    redirect: 'manual',
  })
  const left = Number(new URL(shared.headers.get('location')!).searchParams.get('X-Amz-Expires'))
  assert.ok(left > 30 && left <= 60, `${left} s`)
})

test('a track of several files in a bucket is joined, and nothing of that stays', async () => {
  const recording = await kept('Two')
  const { id, folder } = recording
  const ffmpeg = (await findFfmpeg())!.path
  const manifest = (await readManifest(folder))!
  const [file] = manifest.tracks[0]!.files
  const names = ['t1-1.webm', 't1-2.webm']
  for (const name of names) {
    await promisify(execFile)(ffmpeg, [
      ...['-f', 'lavfi', '-i', 'testsrc=s=320x180:r=25:d=1', '-c:v', 'libvpx'],
      join(folder, name),
    ])
  }
  const parts = await Promise.all(
    names.map(async (name, index) => ({
      ...file!,
      ...{ name, offsetMs: index * 2000, durationMs: 1000 },
      bytes: (await readFile(join(folder, name))).length,
    })),
  )
  await writeManifest(folder, { ...manifest, tracks: [{ ...manifest.tracks[0]!, files: parts }] })
  const { db } = await server.app.services()
  await db.deleteFrom('recording_files').where('recording_id', '=', id).where('kind', '=', 'track').execute()
  await keepFiles(
    db,
    parts.map(({ name, bytes }) => ({
      ...{ id: `fil_${randomId()}`, recording_id: id, output_id: null, track_id: 't1', kind: 'track', name },
      ...{ bytes, width: 320, height: 180, content_type: 'video/webm', duration_ms: 1000 },
    })),
  )
  await moveAway(recording)

  const response = await ask(`/recordings/${id}/tracks/t1/file`)
  assert.equal(response.status, 200, response.ok ? '' : await response.text())
  const joined = join(server.dataDir, 'joined.webm')
  await writeFile(joined, Buffer.from(await response.arrayBuffer()))
  const { stderr } = await promisify(execFile)(ffmpeg, [
    ...['-i', joined, '-fps_mode', 'passthrough', '-f', 'null', '-'],
  ])
  assert.match(stderr, /frame= *50 /, stderr.slice(-500))
  const scratch = join(server.dataDir, 'recordings', 'scratch')
  assert.deepEqual(existsSync(scratch) ? readdirSync(scratch) : [], [])

  const { prefix } = (await findRecording(db, id))!
  await bucket.delete(`${prefix}/t1-2.webm`)
  const lost = await ask(`/recordings/${id}/tracks/t1/file`)
  assert.equal(lost.status, 503)
  assert.match(await lost.text(), /"why":"storage"/)
  assert.deepEqual(readdirSync(scratch), [])
})
