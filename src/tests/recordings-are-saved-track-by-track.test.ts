import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { findFfmpeg } from '../../recorder/ffmpeg-binary.ts'
import { readManifest, writeManifest } from '../../recorder/manifest.ts'
import { randomId } from '../lib/ids.ts'
import { keepFiles } from '../recordings/files.store.ts'
import { person, type Person } from './support/accounts.ts'
import { keepRecording, type KeptRecording } from './support/kept-recording.ts'
import { startServer, type TestServer } from './support/server.ts'

let server: TestServer
let ana: Person
let ffmpeg: string
before(async () => {
  server = await startServer({}, undefined, { withDatabase: true })
  ana = await person(server)
  ffmpeg = (await findFfmpeg())!.path
})
after(() => server.close())

async function recorded(title: string): Promise<KeptRecording> {
  return keepRecording(server, { title, startedBy: { kind: 'account', id: ana.id, name: 'Ana' } })
}

const ask = (path: string, method = 'GET'): Promise<Response> =>
  fetch(`${server.url}/api/v1${path}`, { method, headers: { authorization: ana.client.authorization! } })

const nameIn = (response: Response): string =>
  /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? ''

test('a track that was captured in one file is that file', async () => {
  const { id } = await recorded('One')
  const response = await ask(`/recordings/${id}/tracks/t1/file`)
  assert.equal(response.status, 200)
  assert.equal(await response.text(), 'one person alone')
  assert.match(nameIn(response), /^One \d{4}-\d\d-\d\d \d\d\.\d\d UTC Ana camera\.webm$/)
  assert.equal((await ask(`/recordings/${id}/tracks/t2/file`)).status, 404)
})

test('a track of several files is joined, each part at its time, and nothing of that stays', async () => {
  const { id, folder } = await recorded('Two')
  const manifest = (await readManifest(folder))!
  const [file] = manifest.tracks[0]!.files
  const files = []
  // Two seconds, a pause of one, two seconds in another size.
  for (const [index, size] of ['320x180', '640x360'].entries()) {
    const name = `t1-${index + 1}.webm`
    const source = `testsrc=s=${size}:r=25:d=2`
    await promisify(execFile)(ffmpeg, ['-f', 'lavfi', '-i', source, '-c:v', 'libvpx', join(folder, name)])
    const { size: bytes } = await stat(join(folder, name))
    const [width, height] = size.split('x').map(Number)
    const startReason = index === 0 ? ('first' as const) : ('format-changed' as const)
    files.push({
      ...file!,
      ...{ name, bytes, width: width!, height: height!, startReason, durationMs: 2000 },
      offsetMs: index * 3000,
    })
  }
  await rm(join(folder, 't1.webm'))
  await writeManifest(folder, { ...manifest, tracks: [{ ...manifest.tracks[0]!, files }] })
  const { db } = await server.app.services()
  await db.deleteFrom('recording_files').where('recording_id', '=', id).where('kind', '=', 'track').execute()
  await keepFiles(
    db,
    files.map(({ name, bytes, width, height }) => ({
      ...{ id: `fil_${randomId()}`, recording_id: id, output_id: null, track_id: 't1', kind: 'track' },
      ...{ name, bytes, width, height, content_type: 'video/webm', duration_ms: 2000 },
    })),
  )
  const { body } = await ana.client.get(`/recordings/${id}/tracks`)
  assert.equal(body.items[0].files.length, 2)

  const head = await ask(`/recordings/${id}/tracks/t1/file`, 'HEAD')
  assert.equal(head.status, 200)
  const response = await fetch(server.url + body.items[0].url, {
    headers: { authorization: ana.client.authorization! },
  })
  assert.equal(response.status, 200, response.ok ? '' : await response.text())
  assert.equal(response.headers.get('content-type'), 'video/webm')
  assert.match(nameIn(response), /^Two \d{4}-\d\d-\d\d \d\d\.\d\d UTC Ana camera\.webm$/)
  const joined = join(server.dataDir, 'joined.webm')
  const bytes = Buffer.from(await response.arrayBuffer())
  assert.equal(bytes.length, Number(response.headers.get('content-length')))
  await writeFile(joined, bytes)
  // As FFmpeg reads it, frame by frame: without an encoder, by its own account of the times.
  const { stderr } = await promisify(execFile)(ffmpeg, [
    '-i',
    joined,
    '-fps_mode',
    'passthrough',
    '-f',
    'null',
    '-',
  ])
  assert.match(stderr, /frame= *100 /, stderr.slice(-500))
  assert.match(stderr, /time=00:00:0(4\.9|5\.0)/, stderr.slice(-500))

  const scratch = join(server.dataDir, 'recordings', 'scratch')
  assert.deepEqual(existsSync(scratch) ? readdirSync(scratch) : [], [])
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('joined')),
    [],
  )
  assert.equal(
    (await readFile(join(folder, 't1-1.webm'))).length,
    files[0]!.bytes,
    'the tracks are as they were',
  )
})
