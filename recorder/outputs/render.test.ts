import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ffmpeg, findBeeps, run } from '../../src/tests/support/recorder-media.ts'
import { until } from '../../src/tests/support/until.ts'
import type { Manifest } from '../manifest.ts'
import { tileColour } from './colours.ts'
import { arrange, pictureOf } from './composite-layout.ts'
import { ownedBy } from './orphans.ts'
import { endOrphans, exportTrack, render, RenderError, type RenderOptions } from './render.ts'
import { manifestOf, recordedFile as file, recordedTrack as track } from './test-manifest.ts'

const size = { width: 640, height: 360 }

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-out'puts "))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Files of one colour or tone, as `red-<n>.webm` from 0 to a number of seconds. */
async function colour(
  folder: string,
  name: string,
  value: string,
  seconds: number,
  picture = '160x90',
): Promise<void> {
  const source = `color=${value}:s=${picture}:r=10:d=${seconds}`
  const codec = ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8']
  await run(ffmpeg, ['-v', 'error', '-f', 'lavfi', '-i', source, ...codec, join(folder, name)])
}

async function tone(folder: string, name: string, expression: string, seconds: number): Promise<void> {
  const source = `aevalsrc='${expression}':s=48000:c=stereo:d=${seconds}`
  await run(ffmpeg, [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-i',
    source,
    '-c:a',
    'libopus',
    '-b:a',
    '64k',
    join(folder, name),
  ])
}

/** Which of red, green and blue are strong at a place of the picture, or the colour as hexadecimal digits. */
async function colourAt(path: string, seconds: number, x: number, y: number): Promise<string> {
  const pixels = ['-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-']
  const picture = await run(ffmpeg, ['-v', 'error', '-ss', String(seconds), '-i', path, ...pixels])
  const [red = 0, green = 0, blue = 0] = picture.subarray((y * size.width + x) * 3)
  if (Math.max(red, green, blue) < 190) return 'plain'
  return Object.entries({ red, lime: green, blue }).filter(([, value]) => value > 120).map(([name]) => name).join(' ')
} // prettier-ignore

function optionsFor(manifest: Manifest, folder: string, more: Partial<RenderOptions> = {}): RenderOptions {
  return { manifest, folder, name: 'out', kind: 'video', layout: 'grid', size, names: true, ffmpeg, ...more }
}

/** Ana is there from the beginning, her camera is off from 2 to 3; Ben comes at 4, and shows his screen from 6. */
const call = manifestOf([
  track('ana', 'camera', [0, 8000], [file('ana.webm', 0, 8000, { gaps: [{ fromMs: 2000, toMs: 3000, lostPackets: 0 }] })],
    { displayName: "Ana: 100%{n} \\'x \\N{\\p1}" }),
  track('ana', 'microphone', [0, 8000], [file('beep.webm', 500, 3000)]),
  track('ben', 'camera', [4000, 8000], [file('ben.webm', 4000, 4000)]),
  track('ben', 'screen', [6000, 8000], [file('screen.webm', 6000, 2000)]),
]) // prettier-ignore

async function writeCall(folder: string): Promise<void> {
  await colour(folder, 'ana.webm', 'red', 8)
  await colour(folder, 'ben.webm', 'blue', 4)
  await colour(folder, 'screen.webm', 'lime', 2)
  await tone(folder, 'beep.webm', '0.3*sin(2*PI*880*t)*between(t,1,1.2)', 3)
}
const media = ['ana.webm', 'beep.webm', 'ben.webm', 'screen.webm']

test('everybody is shown at their time and place, each sound is heard when it was, and it comes out the same again', async (t) => {
  const folder = folderFor(t)
  await writeCall(folder)
  const shares: number[] = []
  const options = optionsFor(call, folder, { onProgress: (share) => shares.push(share) })
  const files = await render(options)
  assert.deepEqual(
    shares,
    [...shares].sort((a, b) => a - b),
    'progress never goes back',
  )
  assert.equal(shares.at(-1), 1)
  assert.ok(shares.length > 1)

  const output = join(folder, 'out.mp4')
  // Away from the middle of the tile, where the initials are while the camera is off.
  assert.equal(await colourAt(output, 1, 320, 60), 'red')
  assert.equal(await colourAt(output, 2.5, 320, 60), 'plain')
  assert.equal(await colourAt(output, 3.5, 320, 60), 'red')
  assert.deepEqual(
    [await colourAt(output, 5, 160, 150), await colourAt(output, 5, 480, 150)],
    ['red', 'blue'],
  )
  assert.deepEqual(
    [
      await colourAt(output, 7, 250, 150),
      await colourAt(output, 7, 576, 140),
      await colourAt(output, 7, 576, 220),
    ],
    ['lime', 'red', 'blue'],
  )
  const [heard, ...others] = await findBeeps(output)
  assert.equal(others.length, 0)
  assert.ok(Math.abs(heard! - 1500) < 40, `heard at ${heard}`)

  assert.deepEqual(files.map(({ kind, name }) => `${kind} ${name}`), [
    'video out.mp4', 'poster out.jpg', 'preview out-preview.jpg', 'preview-index out-preview.vtt',
  ]) // prettier-ignore
  assert.deepEqual(readdirSync(folder).sort(), [...media, ...files.map(({ name }) => name)].sort())
  for (const { name, bytes } of files) assert.equal(readFileSync(join(folder, name)).length, bytes)
  const about = await run('ffprobe', ['-v', 'error', '-show_entries', 'format=duration:stream=codec_name,pix_fmt,width,height', '-of', 'csv=p=0', output]) // prettier-ignore
  assert.match(about.toString(), /^h264,640,360,yuv420p\naac\n8\.0/)
  const bytes = readFileSync(output)
  assert.ok(bytes.indexOf('moov') < bytes.indexOf('mdat'), 'a player can begin before it has the end')

  const index = readFileSync(join(folder, 'out-preview.vtt'), 'utf8')
  assert.match(index, /^WEBVTT\n\n00:00:00\.000 --> 00:00:01\.000\nout-preview\.jpg#xywh=0,0,160,90\n/)
  assert.match(index, /00:00:07\.000 --> 00:00:08\.000\nout-preview\.jpg#xywh=1120,0,160,90\n$/)
  const preview = await run(ffmpeg, ['-v', 'error', '-i', join(folder, 'out-preview.jpg'), '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-']) // prettier-ignore
  const strongest = (place: number) => {
    const at = (20 * 1280 + place * 160 + 80) * 3
    return ['red', 'lime', 'blue'][[...preview.subarray(at, at + 3)].findIndex((value) => value > 150)]
  }
  assert.deepEqual([0, 1, 3].map(strongest), ['red', 'red', 'red'])

  await render({ ...options, name: 'again' })
  for (const end of ['.mp4', '.jpg', '-preview.jpg']) {
    assert.deepEqual(
      readFileSync(join(folder, `again${end}`)),
      readFileSync(join(folder, `out${end}`)),
      `${end} is the same`,
    )
  }
})

test('only the sound can be made, and nothing of nothing', async (t) => {
  const folder = folderFor(t)
  await writeCall(folder)
  const files = await render(optionsFor(call, folder, { kind: 'audio' }))
  assert.deepEqual(files.map(({ name, contentType, durationMs }) => [name, contentType, durationMs]), [
    ['out.m4a', 'audio/mp4', 8000],
  ]) // prettier-ignore
  const [heard] = await findBeeps(join(folder, 'out.m4a'))
  assert.ok(Math.abs(heard! - 1500) < 40, `heard at ${heard}`)
  const empty = manifestOf([track('ana', 'camera', [0, 5000], [])])
  await assert.rejects(render(optionsFor(empty, folder)), {
    code: 'nothing-captured',
    isWorthRetrying: false,
  })
})

test('quiet and loud people are heard alike, and nothing clips when both speak', async (t) => {
  const folder = folderFor(t)
  await tone(
    folder,
    'quiet.webm',
    '0.02*sin(2*PI*440*t)*between(t,0,4)+0.02*sin(2*PI*440*t)*between(t,8,12)',
    12,
  )
  await tone(folder, 'loud.webm', '0.9*sin(2*PI*1000*t)*between(t,4,12)', 12)
  const manifest = manifestOf([
    track('ana', 'microphone', [0, 12_000], [file('quiet.webm', 0, 12_000)]),
    track('ben', 'microphone', [0, 12_000], [file('loud.webm', 0, 12_000)]),
  ])
  await render(optionsFor(manifest, folder, { kind: 'audio' }))
  const levels = async (from: number, seconds: number) => {
    const sound = await run(ffmpeg, ['-v', 'error', '-ss', `${from}`, '-t', `${seconds}`, '-i', join(folder, 'out.m4a'), '-f', 's16le', '-ac', '1', '-']) // prettier-ignore
    const samples = new Int16Array(sound.buffer, sound.byteOffset, sound.length >> 1)
    const mean = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length
    const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
    return { db: 10 * Math.log10(mean / 32768 ** 2), peak: peak / 32768 }
  }
  const [quiet, loud, both] = [await levels(1, 2), await levels(5, 2), await levels(9, 2)]
  assert.ok(Math.abs(quiet.db - loud.db) < 3, `${quiet.db} and ${loud.db} dB`)
  assert.ok(both.peak < 0.99, `${both.peak}`)
  // The same at the beginning and the end of four seconds: no gain that moves.
  assert.ok(Math.abs((await levels(0.5, 0.5)).db - (await levels(3.2, 0.5)).db) < 0.5)
})

test('somebody whose size changed thirty times and within a file is whole, and sits upright between bars', async (t) => {
  const folder = folderFor(t)
  const names = Array.from({ length: 30 }, (_, place) => `a-${place}.webm`)
  await colour(folder, 'wide.webm', 'red', 0.4, '320x180')
  await colour(folder, 'upright.webm', 'blue', 0.4, '90x160')
  for (const [place, name] of names.entries()) {
    writeFileSync(join(folder, name), readFileSync(join(folder, place % 2 ? 'upright.webm' : 'wide.webm')))
  }
  // One file whose pictures change their size.
  writeFileSync(join(folder, 'list.txt'), "file 'wide.webm'\nfile 'upright.webm'\n")
  await run(ffmpeg, ['-v', 'error', '-f', 'concat', '-i', join(folder, 'list.txt'), '-c', 'copy', join(folder, 'both.webm')])
  const files = [...names.map((name, place) => file(name, place * 400, 400)), file('both.webm', 12_000, 800)]
  const manifest = manifestOf([
    track('ana', 'camera', [0, 12_800], files),
    track('ben', 'camera', [6000, 12_800], []),
  ])
  await render(optionsFor(manifest, folder))
  const output = join(folder, 'out.mp4')
  for (const [place, value] of [[0, 'red'], [1, 'blue'], [12, 'red'], [13, 'blue']] as const) {
    assert.equal(await colourAt(output, place * 0.4 + 0.2, 320, 170), value, `${place}`)
  }
  // On the left half of the picture now; upright, there is the tile on both sides of it.
  for (const [seconds, middle, side] of [[10.2, 'blue', 'plain'], [10.6, 'red', 'red'], [12.2, 'red', 'red'], [12.6, 'blue', 'plain']] as const) {
    assert.equal(await colourAt(output, seconds, 160, 170), middle, `${seconds}`)
    assert.equal(await colourAt(output, seconds, 40, 170), side, `${seconds}`)
  }
  const joined = await exportTrack({ track: manifest.tracks[0]!, folder, name: 'track', ffmpeg })
  assert.deepEqual(joined.map(({ name, offsetMs }) => [name, offsetMs]), [['track.webm', 0]])
  const packets = await run('ffprobe', ['-v', 'error', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', join(folder, 'track.webm')]) // prettier-ignore
  const times = packets.toString().split('\n').filter(Boolean).map(Number)
  assert.equal(times.length, 30 * 4 + 8)
  assert.ok(Math.abs(times[4 * 29]! - 11.6) < 0.01, `${times[4 * 29]}`)
}) // prettier-ignore

test('a picture of 16:9 fills its tile from edge to edge, also where the tile is not quite 16:9', async (t) => {
  const folder = folderFor(t)
  await colour(folder, 'ana.webm', 'red', 2, '320x180')
  await colour(folder, 'ben.webm', 'blue', 1, '320x180')
  const manifest = manifestOf([
    track('ana', 'camera', [0, 2000], [file('ana.webm', 0, 2000)]),
    track('ben', 'camera', [1000, 2000], [file('ben.webm', 1000, 1000)]),
  ])
  await render(optionsFor(manifest, folder))
  const tiles = arrange({ others: 2, screens: 0, hasMain: false, size, captions: true }).others.map(pictureOf)
  const [tile] = tiles
  assert.notEqual(tile!.width * 9, tile!.height * 16, 'the tile is not quite 16:9')
  for (const [person, { x, y, width, height }] of tiles.entries()) {
    for (const column of [x, x + width - 1]) {
      const seen = await colourAt(join(folder, 'out.mp4'), 1.5, column, y + height / 2)
      assert.equal(seen, ['red', 'blue'][person], `column ${column}`)
    }
  }
})

test('clocks that drift are put right: sound and picture stay together', async (t) => {
  const folder = folderFor(t)
  // Half a minute of a clock that is 2 % slow is as far off as ten hours of one that is 17 ppm slow.
  await colour(folder, 'black.webm', 'black', 1)
  await colour(folder, 'red.webm', 'red', 2)
  await tone(folder, 'beep.webm', '0.5*sin(2*PI*880*t)*between(t,0.5,0.7)', 2)
  const list = (name: string, first: string) => {
    writeFileSync(join(folder, `${name}.txt`), `ffconcat version 1.0\nfile '${first}'\nduration 30\nfile '${name}.webm'\n`)
    return run(ffmpeg, ['-v', 'error', '-f', 'concat', '-i', join(folder, `${name}.txt`), '-c', 'copy', join(folder, `${name}-late.webm`)])
  }
  await list('red', 'black.webm')
  await list('beep', 'beep.webm')
  const slow = { driftPpm: 20_000 }
  const manifest = manifestOf([
    track('ana', 'camera', [0, 33_000], [file('red-late.webm', 100, 32_000, slow)]),
    track('ana', 'microphone', [0, 33_000], [file('beep-late.webm', 100, 32_000, slow)]),
  ])
  await render(optionsFor(manifest, folder))
  const output = join(folder, 'out.mp4')
  const beeps = await findBeeps(output)
  // 100 + 30,500 · 1.02
  assert.ok(Math.abs(beeps[1]! - 31_210) < 40, `heard at ${beeps.join(', ')}`)
  // 100 + 30,000 · 1.02 = 30,700
  assert.deepEqual([await colourAt(output, 30.64, 320, 60), await colourAt(output, 30.76, 320, 60)], ['plain', 'red'])
}) // prettier-ignore

test('what is damaged or missing is left out and told, the rest is made', async (t) => {
  const folder = folderFor(t)
  await writeCall(folder)
  const whole = readFileSync(join(folder, 'ben.webm'))
  // A head that is right and nothing behind it that makes sense; sound that breaks off; and no screen at all.
  writeFileSync(join(folder, 'ben.webm'), Buffer.concat([whole.subarray(0, 60), Buffer.alloc(3000, 0x5a)]))
  writeFileSync(join(folder, 'beep.webm'), readFileSync(join(folder, 'beep.webm')).subarray(0, -900))
  rmSync(join(folder, 'screen.webm'))
  const warnings: string[] = []
  await render(optionsFor(call, folder, { onWarning: (text) => warnings.push(text) }))
  const output = join(folder, 'out.mp4')
  assert.deepEqual(
    [await colourAt(output, 5, 160, 150), await colourAt(output, 5, 480, 150)],
    ['red', 'plain'],
  )
  for (const name of ['ben.webm', 'screen.webm', 'beep.webm']) {
    assert.ok(
      warnings.some((text) => text.includes(name)),
      `${name} in ${warnings.join(' ')}`,
    )
  }
})

test('abort ends FFmpeg at once and leaves nothing; a full disk is told from other failures', async (t) => {
  const folder = folderFor(t)
  await writeCall(folder)
  for (const at of [0, 0.05, 0.2]) {
    const controller = new AbortController()
    const onProgress = (share: number) => share >= at && controller.abort()
    if (at === 0) controller.abort()
    const rendering = render(optionsFor(call, folder, { onProgress, signal: controller.signal }))
    await assert.rejects(rendering, { name: 'RenderError', code: 'stopped', isWorthRetrying: false })
    assert.deepEqual(readdirSync(folder).sort(), media)
  }
  const full = join(folder, 'full.sh')
  writeFileSync(full, '#!/bin/sh\necho "av_interleaved_write_frame(): No space left on device" >&2\nexit 1\n')
  chmodSync(full, 0o755)
  await assert.rejects(render(optionsFor(call, folder, { ffmpeg: full })), {
    code: 'disk-full',
    isWorthRetrying: true,
  })
  await assert.rejects(render(optionsFor(call, folder, { ffmpeg: '/nowhere/ffmpeg' })), (error) => {
    assert.ok(error instanceof RenderError)
    return error.code === 'ffmpeg-failed'
  })
  rmSync(full)
  assert.deepEqual(readdirSync(folder).sort(), media)
})

test('a server that is killed takes its FFmpeg along; what is left elsewhere is found and ended', async (t) => {
  const folder = folderFor(t)
  await colour(folder, 'long.webm', 'red', 120)
  const manifest = manifestOf([track('ana', 'camera', [0, 120_000], [file('long.webm', 0, 120_000)])])
  const code = `
    import { render } from ${JSON.stringify(new URL('render.ts', import.meta.url).href)}
    const options = JSON.parse(process.argv[1])
    await render({ ...options, onProgress: (share) => share > 0.13 && process.stdout.write('going on\\n') })`
  const options = optionsFor(manifest, folder, { size: { width: 1920, height: 1080 } })
  const server = spawn(process.execPath, ['--input-type=module', '-e', code, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(server.stdout, 'data')
  const ours = () => processesFor(folder)
  assert.equal(ours().length, 1)
  server.kill('SIGKILL')
  await until('FFmpeg has ended', () => ours().length === 0)

  // As where the kernel cannot be asked: a child of a shell that ends at once.
  const place = join(folder, '.out.making')
  const orphan = spawn('sh', ['-c', 'sleep 600 & echo $!'], { env: { ...process.env, ...ownedBy(place) }, stdio: ['ignore', 'pipe', 'inherit'] })
  await once(orphan, 'exit')
  const own = spawn('sleep', ['600'], { env: { ...process.env, ...ownedBy(place) } })
  t.after(() => own.kill())
  assert.equal(await endOrphans(join(folder, 'elsewhere')), 0)
  assert.equal(await endOrphans(folder), 1)
  await until('the orphan has ended', () => ours().length === 1)
  assert.equal(own.exitCode, null, 'what runs for a server that is there goes on')
}) // prettier-ignore

/** Processes that were started for a folder. */
function processesFor(folder: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      const isOver = /^State:\s+Z/m.test(readFileSync(`/proc/${name}/status`, 'utf8'))
      return (
        !isOver && readFileSync(`/proc/${name}/environ`, 'utf8').includes(`SLUICE_RENDER_FOLDER=${folder}`)
      )
    } catch {
      return false
    }
  })
}

test('people without a picture have their own colour', async (t) => {
  const folder = folderFor(t)
  await tone(folder, 'a.webm', '0.1*sin(2*PI*440*t)', 1)
  const manifest = manifestOf([
    track('ana', 'microphone', [0, 1000], [file('a.webm', 0, 1000)]),
    track('محمد', 'microphone', [0, 1000], []),
  ])
  await render(optionsFor(manifest, folder))
  assert.ok(existsSync(join(folder, 'out.jpg')))
  const pixels = await run(ffmpeg, ['-v', 'error', '-i', join(folder, 'out.mp4'), '-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-']) // prettier-ignore
  for (const [position, x] of [[0, 40], [1, 600]] as const) {
    const wanted = [1, 3, 5].map((at) => Number.parseInt(tileColour(position).slice(at, at + 2), 16))
    const found = [...pixels.subarray((120 * size.width + x) * 3).subarray(0, 3)]
    for (const [channel, value] of wanted.entries()) assert.ok(Math.abs(value - found[channel]!) < 16, `${found.join()}`)
  }
}) // prettier-ignore
