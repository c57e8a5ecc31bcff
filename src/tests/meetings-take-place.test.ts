import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../config/load.ts'
import { openServices } from '../services.ts'
import { person } from './support/accounts.ts'
import { emptyDatabase, forEachEngine, silent, temporaryFolder } from './support/databases.ts'
import { RestClient } from './support/rest-client.ts'
import { startServer } from './support/server.ts'
import { RefusedError, SignalingClient } from './support/signaling-client.ts'
import { until } from './support/until.ts'

/** A meeting from the plan to who was there, over REST and the wire protocol. */

const soon = () => new Date(Date.now() + 5 * 60_000).toISOString()

async function refusal(asked: Promise<unknown>): Promise<RefusedError> {
  const error = await asked.then(
    () => assert.fail('was not refused'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof RefusedError, String(error))
  return error
}

forEachEngine('people meet by code, and the host sees who was there', async (where) => {
  const server = await startServer({
    SLUICE_DATA_DIR: where.dataDir,
    SLUICE_MEETINGS_TICK_SECONDS: '1',
    ...(where.url === undefined ? {} : { DATABASE_URL: where.url }),
  })
  try {
    const ana = await person(server, { name: 'Ana' })
    const ben = await person(server, { name: 'Ben', role: 'member' })
    const eve = await person(server, { name: 'Eve' })
    const made = await ana.client.post('/meetings', {
      title: 'Algebra',
      startsAt: soon(),
      passcode: 'sesame',
      joinBeforeHost: false,
      invitees: [{ email: ben.email }],
    })
    assert.equal(made.status, 201)
    const { id, code, room } = made.body
    assert.equal(made.headers.get('etag'), '"1"')
    assert.equal((await ben.client.post('/meetings', {})).status, 403, 'members make none')
    assert.equal((await eve.client.get(`/meetings/${id}`)).status, 404)

    const nobody = new RestClient(server.url)
    const summary = await nobody.get(`/meetings/by-code/${code}`)
    assert.deepEqual([summary.body.title, summary.body.hasPasscode], ['Algebra', true])
    const shut = await nobody.post(`/meetings/by-code/${code}/join`, { name: 'Gus' })
    assert.deepEqual([shut.status, shut.body.data.why], [403, 'passcode-needed'])

    const enter = async (client: RestClient, body: object = {}) => {
      const { status, body: entry } = await client.post(`/meetings/by-code/${code}/join`, body)
      assert.equal(status, 200, JSON.stringify(entry))
      const socket = await SignalingClient.connect(server.url, { room: entry.room, accessToken: entry.token })
      return { entry, socket }
    }
    const gus = await enter(nobody, { name: 'Gus', passcode: 'sesame' })
    assert.deepEqual(await gus.socket.hears('room.waiting'), { why: 'host' })
    const gusJoins = gus.socket.join({ name: 'Mallory' })
    const waiting = await ana.client.get(`/meetings/${id}`)
    assert.deepEqual([waiting.body.status, waiting.body.active], ['scheduled', 0], 'who waits is not there')

    const host = await enter(ana.client)
    await host.socket.join({ name: 'Ana' })
    await gusJoins
    const { peers } = await host.socket.request('room.getPeers', {})
    assert.deepEqual(
      peers.map(({ displayName, peerId, moderator }) => [displayName, peerId, moderator ?? false]),
      [['Gus', gus.entry.identity, false]],
    )
    const invited = await enter(ben.client)
    await invited.socket.join()
    await until(
      'all three are there',
      async () => (await ana.client.get(`/meetings/${id}`)).body.active === 3,
    )

    // A lost connection, and the same guest again.
    gus.socket.socket.terminate()
    const { guestToken } = gus.entry
    const again = await enter(nobody, { name: 'Gus', passcode: 'sesame', guestToken })
    assert.equal(again.entry.identity, gus.entry.identity)
    await again.socket.join()
    await invited.socket.close()

    const changed = await ana.client.call('PATCH', `/meetings/${id}`, {
      body: { lobby: true },
      headers: { 'if-match': '"1"' },
    })
    assert.deepEqual([changed.status, changed.headers.get('etag')], [200, '"2"'])
    assert.equal((await host.socket.hears('room.policyChanged')).policy.lobby, true)
    const lost = { body: { lobby: false }, headers: { 'if-match': '"1"' } }
    assert.equal((await ana.client.call('PATCH', `/meetings/${id}`, lost)).status, 412)

    assert.equal((await ben.client.post(`/meetings/${id}/end`)).status, 403)
    const ended = await ana.client.post(`/meetings/${id}/end`)
    assert.equal(ended.body.status, 'ended')
    for (const { socket } of [host, again]) {
      assert.deepEqual(await socket.isClosed(), { code: 4000, reason: 'ended' })
    }
    const late = await SignalingClient.connect(server.url, { room, accessToken: host.entry.token })
    const why = await refusal(late.join())
    assert.deepEqual([why.code, why.data?.['why']], ['conflict', 'ended'])

    const { sessions } = (await ana.client.get(`/meetings/${id}/attendance`)).body
    assert.equal(sessions.length, 1)
    assert.equal(sessions[0].endReason, 'ended')
    assert.deepEqual(
      sessions[0].attendances.map((row: Record<string, unknown>) => [
        row['name'],
        row['accountId'],
        row['visits'],
        'leftAt' in row,
      ]),
      [
        ['Ana', ana.id, 1, true],
        ['Gus', undefined, 1, true],
        ['Ben', ben.id, 1, true],
      ].toSorted((a, b) => order(sessions[0], a[0]) - order(sessions[0], b[0])),
    )
    const [invitee] = (await ana.client.get(`/meetings/${id}`)).body.invitees
    assert.equal(invitee.joined, true)
    assert.equal((await eve.client.get(`/meetings/${id}/attendance`)).status, 404)
    assert.equal((await ben.client.get('/meetings?when=past')).body.items[0].id, id)

    const feed = await ben.client.post('/account/calendar-feed')
    const path = new URL(feed.body.url).pathname
    const file = await fetch(server.url + path)
    assert.match(await file.text(), /SUMMARY:Algebra/)
    assert.match(file.headers.get('content-type')!, /^text\/calendar/)
    const same = await fetch(server.url + path, { headers: { 'if-none-match': file.headers.get('etag')! } })
    assert.equal(same.status, 304)
    assert.equal((await fetch(server.url + path.replace(/.\.ics/, 'x.ics'))).status, 404)
  } finally {
    await server.close()
  }
})

/** Where somebody stands in a session: those who come at once may stand either way. */
function order(session: { attendances: { name: string }[] }, name: unknown): number {
  return session.attendances.findIndex((row) => row.name === name)
}

test('somebody is called, and the call is over when one of two leaves', async () => {
  const server = await startServer({}, silent, { withDatabase: true })
  try {
    const ana = await person(server, { name: 'Ana' })
    const ben = await person(server, { name: 'Ben', role: 'member' })
    const made = await ana.client.post('/calls', { type: 'video', callees: [ben.email] })
    assert.equal(made.status, 201)
    const { call } = made.body
    const [incoming] = (await ben.client.get('/calls?when=live&status=waiting')).body.items
    assert.deepEqual([incoming.id, incoming.role, incoming.caller.name], [call.id, 'callee', 'Ana'])
    const answered = await ben.client.post(`/calls/${call.id}/join`)
    const connect = ({ room, token: accessToken }: { room: string; token: string }) =>
      SignalingClient.connect(server.url, { room, accessToken })
    const sockets = [await connect(made.body), await connect(answered.body)]
    for (const socket of sockets) await socket.join()
    const state = async () => (await ana.client.get(`/calls/${call.id}`)).body.status
    await until('it is active', async () => (await state()) === 'active')
    await sockets[1]!.request('room.leave', {})
    assert.deepEqual(await sockets[0]!.isClosed(), { code: 4000, reason: 'ended' })
    assert.equal(await state(), 'ended')
    assert.equal((await ben.client.post(`/calls/${call.id}/join`)).body.data.why, 'ended')
  } finally {
    await server.close()
  }
})

test('a server that is killed knows at the next start who was there, and goes on with who comes back', async (t) => {
  const { dataDir } = await emptyDatabase('PGlite', temporaryFolder(t))
  const env = {
    SLUICE_DATA_DIR: dataDir,
    SLUICE_HTTP_PORT: '0',
    SLUICE_WORKERS_PORT_BASE: '0',
    SLUICE_WORKERS_COUNT: '1',
    SLUICE_MEETINGS_TICK_SECONDS: '1',
    SLUICE_MODE: 'production',
    SLUICE_HTTP_HOST: '127.0.0.1',
  }
  const services = await openServices({
    config: loadConfig({ argv: [], env, cwd: dataDir }).config,
    log: silent,
  })
  const key = await services.apiKeys.add({ name: 'tests', now: new Date() })
  await services.close()

  const main = join(import.meta.dirname, '..', 'main.ts')
  const run = async () => {
    const child = spawn(process.execPath, [main], {
      cwd: dataDir,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.after(() => child.kill('SIGKILL'))
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const printed = await until('the address is printed', () => /^ {2}open +(\S+)$/m.exec(output), {
      why: () => output,
      patienceMs: 60_000,
    })
    const url = printed[1]!.replace('localhost', '127.0.0.1')
    const client = new RestClient(url)
    client.authorization = `Basic ${Buffer.from(`${key.id}:${key.secret.reveal()}`).toString('base64')}`
    const ended = new Promise((resolve) => child.once('exit', resolve))
    return { child, url, client, ended }
  }
  const first = await run()
  const { id, code } = (await first.client.post('/meetings', {})).body
  const enter = async (server: { url: string; client: RestClient }, body: object) => {
    const entry = (await new RestClient(server.url).post(`/meetings/by-code/${code}/join`, body)).body
    const socket = await SignalingClient.connect(server.url, { room: entry.room, accessToken: entry.token })
    await socket.join()
    return entry as { token: string; room: string; guestToken: string }
  }
  const active = async (server: { client: RestClient }) =>
    (await server.client.get(`/meetings/${id}`)).body.active as number
  const gus = await enter(first, { name: 'Gus' })
  await enter(first, { name: 'Ida' })
  await until('both are there', async () => (await active(first)) === 2)
  first.child.kill('SIGKILL')
  await first.ended

  const second = await run()
  await until('nobody is there any more', async () => (await active(second)) === 0)
  const before = (await second.client.get(`/meetings/${id}/attendance`)).body.sessions[0].attendances
  assert.ok(before.every((row: object) => 'leftAt' in row))
  const socket = await SignalingClient.connect(second.url, { room: gus.room, accessToken: gus.token })
  await socket.join()
  await until('Gus is back', async () => (await active(second)) === 1)
  const [session, ...others] = (await second.client.get(`/meetings/${id}/attendance`)).body.sessions
  assert.equal(others.length, 0, 'it is the same session')
  const after = new Map(session.attendances.map((row: { name: string }) => [row.name, row])) as Map<
    string,
    { leftAt?: string }
  >
  assert.equal(after.get('Gus')!.leftAt, undefined)
  assert.equal(typeof after.get('Ida')!.leftAt, 'string')
  second.child.kill('SIGTERM')
  assert.equal(await second.ended, 0)
})
