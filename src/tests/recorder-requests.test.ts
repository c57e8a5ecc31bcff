import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Manifest } from '../../recorder/manifest.ts'
import type { FromRecorder } from '../../recorder/messages.ts'
import { Recorder } from '../../recorder/recorder.ts'
import { usableCores } from '../../workers/cores.ts'
import { createLog } from '../lib/log.ts'
import { until } from './support/until.ts'

// The recorder process by itself: what is asked of it in ways its server never would, and where it runs.

const script = join(import.meta.dirname, '..', '..', 'recorder', 'recorder-process.ts')

class Asked {
  readonly child: ChildProcess
  readonly said: FromRecorder[] = []
  readonly root: string
  #nextId = 1

  constructor(t: TestContext, execArgv: string[] = []) {
    this.root = mkdtempSync(join(tmpdir(), 'sluice-requests-'))
    this.child = fork(script, [], {
      execArgv,
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    })
    this.child.on('message', (message: FromRecorder) => this.said.push(message))
    t.after(async () => {
      if (this.child.exitCode === null && this.child.signalCode === null) {
        this.child.kill('SIGKILL')
        await once(this.child, 'exit')
      }
      rmSync(this.root, { recursive: true, force: true })
    })
  }

  /** What it answers: the result or the code of the error. */
  async ask(method: string, data: unknown): Promise<unknown> {
    const id = this.#nextId++
    this.child.send({ id, method, data })
    const answer = await until(`${method} is answered`, () =>
      this.said.find((message) => 'id' in message && message.id === id),
    )
    return 'error' in answer ? answer.error.code : 'result' in answer ? answer.result : undefined
  }
}

test('requests that do not fit are refused, and nothing else happens', async (t) => {
  const asked = new Asked(t)
  await once(asked.child, 'message')
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
  const folder = join(asked.root, 'one')
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
    assert.equal(await asked.ask(method, data), 'bad-request', `${method} ${JSON.stringify(data)}`)
  }
  asked.child.send('nonsense')
  assert.equal(await asked.ask('addTap', tap), 'no-recording')

  assert.equal(await asked.ask('start', { recordingId: 'one', folder, minFreeBytes: 0 }), undefined)
  assert.equal(
    typeof (await asked.ask('addTap', { ...tap, from: { ip: 'nowhere.invalid', port: 9 } })),
    'string',
  )
  const again = (await asked.ask('addTap', tap)) as { port: number }
  assert.ok(again.port > 0, 'a track that could not be opened does not keep its id')
  assert.equal(await asked.ask('addTap', tap), 'track-exists')
})

test('requests may come before the answer to the one they need', async (t) => {
  const asked = new Asked(t)
  await once(asked.child, 'message')
  const folder = join(asked.root, 'two')
  const start = { recordingId: 'two', folder, minFreeBytes: 0 }
  const answers = await Promise.all([
    asked.ask('start', start),
    asked.ask('start', { ...start, folder: `${folder}-b` }),
    asked.ask('stop', { recordingId: 'two', reason: 'stopped' }),
  ])
  assert.deepEqual(answers.slice(0, 2), [undefined, 'recording-exists'])
  assert.equal((answers[2] as { state: string }).state, 'finished')
  assert.equal(await asked.ask('start', start), 'recording-exists', 'the folder holds one')
  assert.equal(
    await asked.ask('start', { ...start, folder: `${folder}-c` }),
    undefined,
    'the id is free again',
  )
})

test('an error that nobody expected ends the process for all to see', async (t) => {
  const asked = new Asked(t, [
    '--import',
    'data:text/javascript,setTimeout(() => Promise.reject(new Error("unforeseen")), 300)',
  ])
  let said = ''
  asked.child.stderr!.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [code] = (await once(asked.child, 'exit')) as [number | null]
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
  const asked = new Asked(t)
  await once(asked.child, 'message')
  const folder = join(asked.root, 'many')
  await asked.ask('start', { recordingId: 'many', folder, minFreeBytes: 0 })
  let begun = 0
  const begin = (participantId: string) =>
    asked.ask('addTap', {
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
    await Promise.all(ends.map((end) => asked.ask('removeTap', end)))
  }
  assert.equal(await begin('restless'), 'too-many')
  assert.equal(typeof (await begin('calm')), 'object')
  const manifest = (await asked.ask('stop', { recordingId: 'many', reason: 'stopped' })) as Manifest
  assert.equal(manifest.tracks.length, 1001)
})
