import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ffmpeg, findBeeps, run } from '../src/tests/support/recorder-media.ts'
import { makeComposite } from './composite.ts'
import { planComposite } from './composite-plan.ts'
import { noStatistics as statistics, type Manifest, type RecordedFile, type Track } from './manifest.ts'

const size = { width: 640, height: 360 }
function file(
  name: string,
  offsetMs: number,
  durationMs: number,
  gaps: RecordedFile['gaps'] = [],
): RecordedFile {
  return {
    name,
    state: 'finished',
    offsetMs,
    driftPpm: 0,
    clock: 'sender-reports',
    durationMs,
    bytes: 1,
    frames: 1,
    startReason: 'first',
    gaps,
    moreGaps: 0,
  }
}

function track(
  participantId: string,
  source: string,
  fields: Pick<Track, 'codec' | 'addedMs' | 'endedMs' | 'files'>,
): Track {
  const displayName = participantId === 'ana' ? "Ana: 100%{n} \\'x" : 'Ben'
  return { trackId: `${participantId}-${source}`, participantId, displayName, source, statistics, ...fields }
}

/** Ana is there from the first second, her camera is off from 2 to 3; Ben comes at 4, and shows his screen from 6. */
const manifest: Manifest = {
  version: 1,
  recordingId: 'a',
  state: 'finished',
  startedAt: '2026-01-01T00:00:00.000Z',
  writer: 1,
  tracks: [
    track('ana', 'camera', {
      codec: 'vp8',
      addedMs: 0,
      endedMs: 8000,
      files: [file('ana.webm', 0, 8000, [{ fromMs: 2000, toMs: 3000, lostPackets: 0 }])],
    }),
    track('ana', 'microphone', {
      codec: 'opus',
      addedMs: 0,
      endedMs: 8000,
      files: [file('beep.webm', 500, 3000)],
    }),
    track('ben', 'camera', {
      codec: 'vp8',
      addedMs: 4000,
      endedMs: 8000,
      files: [file('ben.webm', 4000, 4000)],
    }),
    track('ben', 'screen', {
      codec: 'vp8',
      addedMs: 6000,
      endedMs: 8000,
      files: [file('screen.webm', 6000, 2000)],
    }),
  ],
}

test('a composite shows everybody at their time and place, and plays each sound when it was', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-composite-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const colour = (name: string, value: string, seconds: number) =>
    run(ffmpeg, [
      ...['-v', 'error', '-f', 'lavfi', '-i', `color=${value}:s=160x90:r=10:d=${seconds}`],
      ...['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', join(folder, name)],
    ])
  await colour('ana.webm', 'red', 8)
  await colour('ben.webm', 'blue', 4)
  await colour('screen.webm', 'lime', 2)
  const beep = 'aevalsrc=0.3*sin(2*PI*880*t)*between(t\\,1\\,1.2):s=48000:d=3'
  await run(ffmpeg, ['-v', 'error', '-f', 'lavfi', '-i', beep, '-c:a', 'libopus', join(folder, 'beep.webm')])

  const shares: number[] = []
  const output = join(folder, 'a.mp4')
  await makeComposite({ manifest, folder, output, ffmpeg, size, onProgress: (share) => shares.push(share) })
  assert.equal(shares.at(-1), 1)
  const colourAt = async (seconds: number, x: number, y: number): Promise<string> => {
    const args = [
      '-v',
      'error',
      '-ss',
      String(seconds),
      '-i',
      output,
      '-frames:v',
      '1',
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      '-',
    ]
    const [r = 0, g = 0, b = 0] = (await run(ffmpeg, args)).subarray((y * size.width + x) * 3)
    const names = { red: r, lime: g, blue: b }
    const high = Object.entries(names).filter(([, value]) => value > 120)
    return high.map(([name]) => name).join(' ')
  }
  // Away from the middle of the tile, where the name stands while the camera is off.
  assert.equal(await colourAt(1, 320, 60), 'red')
  assert.equal(await colourAt(2.5, 320, 60), '')
  assert.equal(await colourAt(3.5, 320, 60), 'red')
  assert.deepEqual([await colourAt(5, 160, 130), await colourAt(5, 480, 130)], ['red', 'blue'])
  assert.deepEqual(
    [await colourAt(7, 250, 100), await colourAt(7, 576, 145), await colourAt(7, 576, 200)],
    ['lime', 'red', 'blue'],
  )

  const [heard, ...others] = await findBeeps(output)
  assert.equal(others.length, 0)
  assert.ok(Math.abs(heard! - 1500) < 60, `heard at ${heard}`)
  const duration = await run('ffprobe', [
    '-v',
    'error',
    '-show_entries',
    'format=duration',
    '-of',
    'csv=p=0',
    output,
  ])
  assert.ok(Math.abs(Number(duration.toString()) - 8) < 0.1)

  const again = join(folder, 'b.mp4')
  await makeComposite({ manifest, folder, output: again, ffmpeg, size })
  assert.deepEqual(readFileSync(again), readFileSync(output), 'the same manifest gives the same file')
  await assert.rejects(
    makeComposite({ manifest, folder: '/nowhere', output: join(folder, 'c.mp4'), ffmpeg, size }),
    /No such file/,
  )
  assert.deepEqual(readdirSync(folder).sort(), [
    'a.mp4',
    'ana.webm',
    'b.mp4',
    'beep.webm',
    'ben.webm',
    'screen.webm',
  ])
})

test('files that failed or hold nothing are left out, and nobody is shown before they come', () => {
  const broken = manifest.tracks.map((found) => ({
    ...found,
    files: found.files.map((one) => (one.name === 'ben.webm' ? { ...one, state: 'failed' as const } : one)),
  }))
  const plan = planComposite({ ...manifest, tracks: broken }, size)
  assert.deepEqual([...new Set(plan.showings.map(({ file: { name } }) => name))], ['ana.webm', 'screen.webm'])
  const ben = plan.tiles.filter(({ name }) => name === 'Ben').flatMap(({ spans }) => spans)
  assert.deepEqual(ben, [
    { fromMs: 4000, toMs: 6000 },
    { fromMs: 6000, toMs: 8000 },
  ])
})
