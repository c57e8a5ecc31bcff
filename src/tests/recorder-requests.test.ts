import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Manifest } from '../../recorder/manifest.ts'
import type { FromRecorder, RecordingStatistics } from '../../recorder/messages.ts'
import { Recorder } from '../../recorder/recorder.ts'
import { usableCores } from '../../workers/cores.ts'
import { createLog } from '../lib/log.ts'
import { cameraTap } from './support/camera-tap.ts'
import { rtpPacket } from './support/recorder-packets.ts'
import { until } from './support/until.ts'

// The recorder process by itself: what is asked of it in ways its server never would, and where it runs.

const script = join(import.meta.dirname, '..', '..', 'recorder', 'recorder-process.ts')

class RecorderProcess {
  readonly child: ChildProcess
  /** For folders of recordings. */
  readonly root: string
  readonly #said: FromRecorder[] = []
  #nextId = 1

  /** Returns when it takes requests. Ends with the test. */
  static async start(t: TestContext, execArgv: string[] = []): Promise<RecorderProcess> {
    const root = mkdtempSync(join(tmpdir(), 'sluice-requests-'))
    const child = fork(script, [], {
      execArgv,
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    })
    t.after(async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      rmSync(root, { recursive: true, force: true })
    })
    await once(child, 'message')
    return new RecorderProcess(child, root)
  }

  private constructor(child: ChildProcess, root: string) {
    this.child = child
    this.root = root
    child.on('message', (message: FromRecorder) => this.#said.push(message))
  }

  /** What it answers: the result or the code of the error. */
  async ask(method: string, data: unknown): Promise<unknown> {
    const id = this.#nextId++
    this.child.send({ id, method, data })
    const answer = await until(`${method} is answered`, () =>
      this.#said.find((message) => 'id' in message && message.id === id),
    )
    return 'error' in answer ? answer.error.code : 'result' in answer ? answer.result : undefined
  }
}

test('requests that do not fit are refused, and nothing else happens', async (t) => {
  const recorder = await RecorderProcess.start(t)
  const tap = {
    recordingId: 'one',
    trackId: 'a',
    participantId: 'a',
    displayName: '',
    source: 'other',
    mimeType: 'audio/opus',
    clockRate: 48_000,
    payloadType: 100,
    from: { ip: '127.0.0.1', port: 9 },
  }
  const folder = join(recorder.root, 'one')
  for (const [method, data] of [
    ['fly', undefined],
    ['start', undefined],
    ['start', { recordingId: '', folder, minFreeBytes: 0 }],
    ['start', { recordingId: 'one', folder: '../one', minFreeBytes: 0 }],
    ['start', { recordingId: 'one', folder, minFreeBytes: Number.NaN }],
    ['start', { recordingId: 'one', folder, minFreeBytes: 0, more: true }],
    ['addTap', { ...tap, trackId: '../../a' }],
    ['addTap', { ...tap, from: { ip: '127.0.0.1', port: 70_000 } }],
    ['stop', { recordingId: 'one', reason: 'because' }],
    ['statistics', 5],
  ] as const) {
    assert.equal(await recorder.ask(method, data), 'bad-request', `${method} ${JSON.stringify(data)}`)
  }
  for (const nonsense of ['nonsense', null]) recorder.child.send(nonsense!)
  assert.equal(await recorder.ask('addTap', tap), 'no-recording')

  assert.equal(await recorder.ask('start', { recordingId: 'one', folder, minFreeBytes: 0 }), undefined)
  // An address that no machine has (RFC 5737): no socket can be bound to it.
  const elsewhere = { ...tap, from: { ip: '192.0.2.1', port: 9 } }
  assert.equal(await recorder.ask('addTap', elsewhere), 'internal')
  const again = (await recorder.ask('addTap', tap)) as { port: number }
  assert.ok(again.port > 0, 'a track that could not be opened does not keep its id')
  assert.equal(await recorder.ask('addTap', tap), 'track-exists')
})

test('requests may come before the answer to the one they need', async (t) => {
  const recorder = await RecorderProcess.start(t)
  const folder = join(recorder.root, 'two')
  const start = { recordingId: 'two', folder, minFreeBytes: 0 }
  const answers = await Promise.all([
    recorder.ask('start', start),
    recorder.ask('start', { ...start, folder: `${folder}-b` }),
    recorder.ask('stop', { recordingId: 'two', reason: 'stopped' }),
  ])
  assert.deepEqual(answers.slice(0, 2), [undefined, 'recording-exists'])
  assert.equal((answers[2] as { state: string }).state, 'finished')
  assert.equal(await recorder.ask('start', start), 'recording-exists', 'the folder holds one')
  assert.equal(
    await recorder.ask('start', { ...start, folder: `${folder}-c` }),
    undefined,
    'the id is free again',
  )
})

test('an error that nobody expected ends the process for all to see', async (t) => {
  const recorder = await RecorderProcess.start(t, [
    '--import',
    'data:text/javascript,process.once("message", () => Promise.reject(new Error("unforeseen")))',
  ])
  let said = ''
  recorder.child.stderr!.setEncoding('utf8').on('data', (text: string) => (said += text))
  recorder.child.send('anything')
  const [code] = (await once(recorder.child, 'exit')) as [number | null]
  assert.equal(code, 70)
  assert.match(said, /unforeseen/)
})

test('it is kept on the cores it is given, at a lower priority', async () => {
  const core = usableCores().cores.at(-1)!
  const recorder = await Recorder.create({
    log: createLog({ level: 'silent', pretty: false }),
    onEnded: () => undefined,
    onDied: () => undefined,
    cores: [core],
  })
  try {
    const status = readFileSync(`/proc/${recorder.pid}/status`, 'utf8')
    assert.match(status, new RegExp(`^Cpus_allowed_list:\\s+${core}$`, 'm'))
    const stat = readFileSync(`/proc/${recorder.pid}/stat`, 'utf8')
    assert.equal(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16], '5', 'nice')
  } finally {
    await recorder.close()
  }
})

test('somebody who begins one track after another is not recorded any more at some point; others are', async (t) => {
  const recorder = await RecorderProcess.start(t)
  const folder = join(recorder.root, 'many')
  await recorder.ask('start', { recordingId: 'many', folder, minFreeBytes: 0 })
  let begun = 0
  const begin = (participantId: string) =>
    recorder.ask('addTap', {
      recordingId: 'many',
      trackId: `t${begun++}`,
      participantId,
      displayName: '',
      source: 'camera',
      mimeType: 'audio/opus',
      clockRate: 48_000,
      payloadType: 100,
      from: { ip: '127.0.0.1', port: 9 },
    })
  for (let round = 0; round < 50; round++) {
    const begins = Array.from({ length: 20 }, () => begin('restless'))
    assert.ok((await Promise.all(begins)).every((answer) => typeof answer === 'object'))
    const ends = Array.from({ length: 20 }, (_, place) => ({
      recordingId: 'many',
      trackId: `t${round * 20 + place}`,
      reason: 'closed',
    }))
    await Promise.all(ends.map((end) => recorder.ask('removeTap', end)))
  }
  assert.equal(await begin('restless'), 'too-many')
  assert.equal(typeof (await begin('calm')), 'object')
  const manifest = (await recorder.ask('stop', { recordingId: 'many', reason: 'stopped' })) as Manifest
  assert.equal(manifest.tracks.length, 1001)
})

test('somebody whose pictures change their size again and again is not recorded any more at some point; others are', async (t) => {
  const recorder = await RecorderProcess.start(t)
  const folder = join(recorder.root, 'sizes')
  await recorder.ask('start', { recordingId: 'sizes', folder, minFreeBytes: 0 })
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const fromPort = socket.address().port
  const statistics = async () => {
    const { recordings } = (await recorder.ask('statistics', undefined)) as {
      recordings: RecordingStatistics[]
    }
    return recordings[0]!.tracks
  }
  let sequence = 0
  /** Key frames of VP8 (RFC 6386, 9.1) of which each has another width than the one before it. */
  const resize = async (trackId: string, participantId: string, pictures: number): Promise<number> => {
    const asked = { ...cameraTap('sizes', { trackId, fromPort }), participantId }
    const { port } = (await recorder.ask('addTap', asked)) as { port: number }
    for (let sent = 0; sent < pictures;) {
      const together = Math.min(100, pictures - sent)
      for (const upTo = sent + together; sent < upTo; sent++) {
        const head = Buffer.from([0x10, 0x10, 0, 0, 0x9d, 1, 0x2a, 64 + 2 * (sent % 2), 0, 48, 0, 1])
        const fields = { payloadType: asked.payloadType, sequence: sequence++, timestamp: sent * 90 }
        socket.send(rtpPacket({ ...fields, ssrc: 5, marker: true }, head), port, '127.0.0.1')
      }
      await until('they have come', async () => {
        return (await statistics()).some((track) => track.trackId === trackId && track.packets === sent)
      })
    }
    return (await statistics()).find((track) => track.trackId === trackId)!.files
  }
  assert.equal(await resize('a', 'restless', 1500), 1500)
  assert.equal(await resize('b', 'restless', 1500), 500)
  assert.equal(await resize('c', 'calm', 20), 20)
  const manifest = (await recorder.ask('stop', { recordingId: 'sizes', reason: 'stopped' })) as Manifest
  assert.deepEqual(
    manifest.tracks.map(({ files, statistics: { droppedFrames } }) => [files.length, droppedFrames]),
    [
      [1500, 0],
      [500, 1000],
      [20, 0],
    ],
  )
})
