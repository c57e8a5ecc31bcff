import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { moveRecording } from '../recordings/recordings.store.ts'
import { person, type Person } from './support/accounts.ts'
import { keepRecording } from './support/kept-recording.ts'
import { startServer, type TestServer } from './support/server.ts'

const dayMs = 86_400_000

let server: TestServer
let ana: Person
let admin: Person
before(async () => {
  server = await startServer({ SLUICE_RECORDINGS_KEEP_DAYS: '30' }, undefined, { withDatabase: true })
  ana = await person(server)
  admin = await person(server, { role: 'admin' })
})
after(() => server.close())

test('who manages a recording has it deleted sooner; only who runs the server keeps it for longer', async () => {
  const { id } = await keepRecording(server, { startedBy: { kind: 'account', id: ana.id, name: 'Ana' } })
  const { db } = await server.app.services()
  const inDays = (days: number) => new Date(Date.now() + days * dayMs)
  await moveRecording(db, id, { expires_at: inDays(30) })
  const patch = async (who: Person, expiresAt: Date | null) => {
    const { status, body } = await who.client.call('PATCH', `/recordings/${id}`, { body: { expiresAt } })
    return status === 200 ? 'kept' : `${body.code} ${body.data.why}`
  }
  assert.equal(await patch(ana, inDays(3)), 'kept')
  assert.equal(await patch(ana, inDays(29)), 'kept')
  assert.equal(await patch(ana, inDays(31)), 'forbidden retention')
  assert.equal(await patch(ana, null), 'forbidden retention')
  assert.equal(await patch(admin, inDays(300)), 'kept')
  assert.equal(await patch(ana, inDays(200)), 'kept', 'sooner than the admin said')
  assert.equal(await patch(ana, inDays(300)), 'forbidden retention')
  assert.equal(await patch(admin, null), 'kept')
  const { body } = await ana.client.get(`/recordings/${id}`)
  assert.equal(body.expiresAt, undefined)
})
