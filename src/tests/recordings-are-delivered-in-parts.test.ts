import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { rm, symlink, truncate } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { person, type Person } from './support/accounts.ts'
import { keepRecording, type KeptRecording } from './support/kept-recording.ts'
import { startServer, type TestServer } from './support/server.ts'
import { until } from './support/until.ts'

const video = randomBytes(1000)

let server: TestServer
let ana: Person
let recording: KeptRecording
before(async () => {
  server = await startServer({}, undefined, { withDatabase: true })
  ana = await person(server)
  const startedBy = { kind: 'account', id: ana.id, name: 'Ana' } as const
  recording = await keepRecording(server, { startedBy, title: 'Álgebra “7b” / ¿qué?', video })
})
after(() => server.close())

async function get(
  headers: Record<string, string> = {},
  { file = recording.files.video, query = '', method = 'GET' } = {},
): Promise<Response> {
  return fetch(`${server.url}/api/v1/recordings/${recording.id}/files/${file}${query}`, {
    method,
    headers: { authorization: ana.client.authorization!, ...headers },
  })
}

const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer())

test('a player gets the whole file, any part of it, and what is not there is refused', async () => {
  const whole = await get()
  assert.equal(whole.status, 200)
  assert.deepEqual(await bytesOf(whole), video)
  const { headers } = whole
  assert.equal(headers.get('content-type'), 'video/mp4')
  assert.equal(headers.get('content-length'), '1000')
  assert.equal(headers.get('accept-ranges'), 'bytes')
  assert.equal(headers.get('x-content-type-options'), 'nosniff')
  assert.equal(headers.get('cache-control'), 'private, no-cache')
  const etag = headers.get('etag')!

  for (const [range, from, to] of [
    ['bytes=0-', 0, 999],
    ['bytes=0-1', 0, 1],
    ['bytes=990-5000', 990, 999],
    ['bytes=-10', 990, 999],
  ] as const) {
    const part = await get({ range, 'if-range': etag })
    assert.equal(part.status, 206, range)
    assert.equal(part.headers.get('content-range'), `bytes ${from}-${to}/1000`)
    assert.equal(part.headers.get('content-length'), String(to - from + 1))
    assert.deepEqual(await bytesOf(part), video.subarray(from, to + 1))
  }

  const beyond = await get({ range: 'bytes=1000-' })
  assert.equal(beyond.status, 416)
  assert.equal(beyond.headers.get('content-range'), 'bytes */1000')
  assert.equal(((await beyond.json()) as { code: string }).code, 'out-of-range')
  const other = await get({ range: 'bytes=0-1', 'if-range': '"another"' })
  assert.equal(other.status, 200, 'another version is sent whole')
  assert.equal((await bytesOf(other)).length, 1000)
  const known = await get({ 'if-none-match': etag })
  assert.equal(known.status, 304)
  assert.equal(known.headers.get('etag'), etag)
})

test('HEAD tells the same without the bytes, and reads nothing', async () => {
  const head = await get({ range: 'bytes=0-1' }, { method: 'HEAD' })
  assert.equal(head.status, 200)
  assert.equal(head.headers.get('content-length'), '1000')
  assert.equal(head.headers.get('content-type'), 'video/mp4')
  assert.equal((await bytesOf(head)).length, 0)
})

test('what is saved has the title as its name, in any language, and nothing in it that a header or disk refuses', async () => {
  const { body } = await ana.client.get(`/recordings/${recording.id}`)
  const [day, time] = body.startedAt.split('T')
  const called = `Álgebra “7b” ¿qué ${day} ${time.slice(0, 5).replace(':', '.')} UTC.mp4`
  for (const query of ['?download=1', '?download=true']) {
    const saved = await get({}, { query })
    const disposition = saved.headers.get('content-disposition')!
    assert.match(disposition, /^attachment; filename="[ -~]*"; filename\*=UTF-8''/)
    const name = decodeURIComponent(/filename\*=UTF-8''(\S+)$/.exec(disposition)![1]!)
    assert.equal(name, called)
  }
  const shown = await get()
  assert.match(shown.headers.get('content-disposition')!, /^inline; /)
  assert.equal(body.outputs[0].files[0].name, called)
  assert.equal((await get({}, { query: '?download=maybe' })).status, 400)
})

test('pictures, index, tracks and manifest have the types that they are', async () => {
  for (const [kind, type] of [
    ['poster', 'image/jpeg'],
    ['preview', 'image/jpeg'],
    ['preview-index', 'text/vtt'],
    ['track', 'video/webm'],
    ['manifest', 'application/json'],
  ] as const) {
    const response = await get({}, { file: recording.files[kind] })
    assert.equal(response.status, 200, kind)
    assert.equal(response.headers.get('content-type'), type)
  }
})

test('a file that is gone, or was replaced by a link to another, is not found', async () => {
  const gone = await keepRecording(server, { startedBy: { kind: 'account', id: ana.id } })
  const path = join(gone.folder, `${gone.outputId}.mp4`)
  const ask = () => ana.client.get(`/recordings/${gone.id}/files/${gone.files.video}`)
  assert.equal((await ask()).status, 200)
  await rm(path)
  assert.equal((await ask()).status, 404)
  await symlink('/etc/passwd', path)
  assert.equal((await ask()).status, 404)
})

/** How often this process has a file below a folder open. */
function openFilesIn(folder: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder)
    } catch {
      return false
    }
  }).length
}

test('whoever reads slowly holds no memory, and whoever goes away leaves no file open', async () => {
  const large = await keepRecording(server, { startedBy: { kind: 'account', id: ana.id } })
  const size = 256 * 1024 * 1024
  await truncate(join(large.folder, `${large.outputId}.mp4`), size)
  const before = process.memoryUsage()
  const readers = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const path = `/api/v1/recordings/${large.id}/files/${large.files.video}`
      const asked = request(server.url + path, {
        headers: { authorization: ana.client.authorization! },
        agent: false,
      })
      asked.end()
      const [response] = (await once(asked, 'response')) as [IncomingMessage]
      assert.equal(response.headers['content-length'], String(size))
      response.on('error', () => undefined)
      // Nobody reads: what the server may send fills the buffers of the sockets and then waits.
      response.pause()
      return { asked, response }
    }),
  )
  await until('all are being read', () => openFilesIn(large.folder) === 20)
  const { rss } = process.memoryUsage()
  assert.ok(rss - before.rss < 150 * 1024 * 1024, `${(rss - before.rss) >> 20} MB for 20 readers of 256 MB`)
  for (const { asked, response } of readers) {
    response.on('close', () => undefined)
    asked.destroy()
  }
  await until('no file is open', () => openFilesIn(large.folder) === 0)
})
