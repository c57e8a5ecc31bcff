import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { readManifest, writeManifest } from '../../recorder/manifest.ts'
import { randomId } from '../lib/ids.ts'
import { keepFiles } from '../recordings/files.store.ts'
import { keepSpeech } from '../recordings/participants.store.ts'
import { person, type Person } from './support/accounts.ts'
import { keepRecording } from './support/kept-recording.ts'
import { startServer, type TestServer } from './support/server.ts'

let server: TestServer
let ana: Person
before(async () => {
  server = await startServer({}, undefined, { withDatabase: true })
  ana = await person(server)
})
after(() => server.close())

const startedBy = () => ({ kind: 'account', id: ana.id, name: 'Ana' }) as const

test('lists hold those who came first and how many there were; the recording itself has all, and when they spoke', async () => {
  const participants = Array.from({ length: 45 }, (_, place) => ({
    identity: `guest-${place}`,
    name: `Guest ${place}`,
  }))
  const { id } = await keepRecording(server, { startedBy: startedBy(), participants })
  const { id: other } = await keepRecording(server, {
    startedBy: startedBy(),
    participants: participants.slice(0, 3),
  })
  const { id: nobody } = await keepRecording(server, { startedBy: startedBy() })
  const { db } = await server.app.services()
  await keepSpeech(db, id, 'guest-0', [[10, 400]])

  const { body } = await ana.client.get('/recordings')
  const listed = (one: string) => body.items.find((item: { id: string }) => item.id === one)
  assert.deepEqual(
    [id, other, nobody].map((one) => [listed(one).participants.length, listed(one).participantCount]),
    [
      [20, 45],
      [3, 3],
      [0, 0],
    ],
  )
  assert.deepEqual(listed(id).participants[1].name, 'Guest 1')
  assert.deepEqual(listed(id).participants[0].speech, [])

  const { body: whole } = await ana.client.get(`/recordings/${id}`)
  assert.equal(whole.participants.length, 45)
  assert.equal(whole.participantCount, 45)
  assert.deepEqual(whole.participants[0].speech, [[10, 400]])
  assert.equal(whole.participants[0].color, listed(id).participants[0].color)
})

test('tracks come in pages, each with its files, and a cursor is of one recording', async () => {
  const { id, folder } = await keepRecording(server, { startedBy: startedBy() })
  const { db } = await server.app.services()
  const manifest = (await readManifest(folder))!
  const [first] = manifest.tracks
  const tracks = Array.from({ length: 7 }, (_, place) => ({
    ...first!,
    trackId: `t${place + 1}`,
    files: [{ ...first!.files[0]!, name: `t${place + 1}.webm` }],
  }))
  await writeManifest(folder, { ...manifest, tracks })
  await keepFiles(
    db,
    tracks.slice(1).map(({ trackId }) => ({
      ...{ id: `fil_${randomId()}`, recording_id: id, output_id: null, track_id: trackId, kind: 'track' },
      ...{ name: `${trackId}.webm`, content_type: 'video/webm', bytes: 16 },
    })),
  )
  const seen: string[] = []
  let next: string | undefined
  do {
    const { body } = await ana.client.get(
      `/recordings/${id}/tracks?limit=3${next === undefined ? '' : `&cursor=${next}`}`,
    )
    assert.ok(body.items.length <= 3 && body.manifest !== undefined)
    for (const { id: trackId, files } of body.items) {
      assert.equal(files.length, 1, trackId)
      seen.push(trackId)
    }
    next = body.next
    if (next !== undefined) {
      const { id: other } = await keepRecording(server, { startedBy: startedBy() })
      assert.equal((await ana.client.get(`/recordings/${other}/tracks?cursor=${next}`)).status, 400)
    }
  } while (next !== undefined)
  assert.deepEqual(
    seen,
    tracks.map(({ trackId }) => trackId),
  )
  assert.equal((await ana.client.get(`/recordings/${id}/tracks?cursor=WyI5OSJd`)).status, 400)
})
