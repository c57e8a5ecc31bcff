import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { readManifest, type Manifest, type RecordedFile, type Track } from '../../recorder/manifest.ts'
import { complaintsAbout } from '../../recorder/probe.ts'
import { openPage, startBrowser } from './support/browser.ts'
import { patterns, screenColour, type PatternName } from './support/call-pattern.ts'
import { audibleTones, holdCall, presences, type HeldCall } from './support/call-pattern-held.ts'
import {
  arrangements,
  flickers,
  isApart,
  isSameBox,
  median,
  picturesLate,
  shareBeyond,
  shareShown,
  soundBehindPictures,
  tonesLate,
  worst,
  type Arranged,
  type Lateness,
} from './support/composite-figures.ts'
import { findPatterns, type Sighting } from './support/composite-pictures.ts'
import { findTones, type Tone } from './support/composite-sound.ts'
import { ffmpeg, run } from './support/recorder-media.ts'
import { RestClient } from './support/rest-client.ts'
import { startServer, type TestServer } from './support/server.ts'
import { until } from './support/until.ts'

/**
 * Three browsers call each other; each sends pictures with a clock in them and tones at known moments. One is muted for a
 * while, one leaves and comes back, one shares a screen. Then all of that is looked for in what was recorded.
 */

const names = ['ana', 'ben', 'cleo'] as const
const colours = {
  ana: patterns.ana.colour,
  ben: patterns.ben.colour,
  cleo: patterns.cleo.colour,
  screen: screenColour,
}
/** Of a composite. */
const everyMs = 40
/**
 * Somebody who begins to send is in the recording after so long at most, and who ends is gone. Pictures begin with a key
 * frame: a browser overlooks a request soon after another, and the server repeats it only after a second.
 */
const mostBehindMs = 2000
const mostAfterMs = 500

let server: TestServer
let browser: Browser
let rest: RestClient
let folder: string
let call: HeldCall
let manifest: Manifest
/** Time 0 of the recording. */
let startMs: number

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-call-'))
  server = await startServer({
    SLUICE_MODE: 'production',
    SLUICE_HTTP_HOST: '127.0.0.1',
    // The recording is asked for until it is ready.
    SLUICE_LIMITS_REQUESTS_PER_MINUTE: '10000',
    SLUICE_LIMITS_REQUESTS_PER_MINUTE_PER_CALLER: '10000',
  })
  const { id, secret } = await (await server.app.apiKeys()).add({ name: 'tests', now: new Date() })
  rest = new RestClient(server.url)
  rest.authorization = `Basic ${Buffer.from(`${id}:${secret.reveal()}`).toString('base64')}`
  browser = await startBrowser()
  call = await holdCall(browser, { url: server.url, rest, room: 'algebra' })
  await recordingIn((state) => state !== 'recording')
  manifest = (await readManifest(join(server.dataDir, 'recordings', call.recordingId)))!
  startMs = Date.parse(manifest.startedAt)
  assert.equal(manifest.endReason, 'stopped')
})

after(async () => {
  await browser?.close()
  await server?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Waits until the recording is in such a state, and returns it as the REST API has it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function recordingIn(isWanted: (state: string) => boolean): Promise<any> {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  let seen: any
  await until(
    'the recording is ready',
    async () => {
      seen = (await rest.get(`/recordings/${call.recordingId}`)).body
      return isWanted(seen.state)
    },
    { patienceMs: 120_000, why: () => seen },
  )
  return seen
}

async function fetched(url: string): Promise<Buffer> {
  const response = await fetch(server.url + url, { headers: { authorization: rest.authorization! } })
  assert.equal(response.status, 200, url)
  return Buffer.from(await response.arrayBuffer())
}

/** What is found in the files of a track. */
interface FoundTrack {
  readonly track: Track
  readonly name: PatternName
  /** How many pictures its files have. */
  readonly pictures: number
  readonly picturesLate: readonly Lateness[]
  readonly tones: HeardTones
}

interface HeardTones {
  readonly late: Lateness[]
  /** Sent while they were to be heard, and not heard. */
  readonly missing: number[]
  /** Heard, and not sent then. */
  readonly unexpected: number[]
}

let foundTracks: Promise<FoundTrack[]> | undefined

/** Looks at the tracks, once. */
function tracks(): Promise<FoundTrack[]> {
  foundTracks ??= (async () => {
    const all: FoundTrack[] = []
    for (const track of manifest.tracks) all.push(await lookAt(track))
    return all
  })()
  return foundTracks
}

async function lookAt(track: Track): Promise<FoundTrack> {
  const name = track.participantId as PatternName
  const late: Lateness[] = []
  const tones: HeardTones = { late: [], missing: [], unexpected: [] }
  let pictures = 0
  for (const file of track.files) {
    const path = pathOf(file)
    const fileStartMs = startMs + file.offsetMs
    if (track.source === 'microphone') {
      const { tone = [] } = await findTones(path, { tone: patterns[name].toneHz })
      const heard = compared(tone, { name, startMs: fileStartMs })
      tones.late.push(...heard.late)
      tones.unexpected.push(...heard.unexpected)
    } else {
      const own = track.source === 'screen' ? screenColour : patterns[name].colour
      const found = await findPatterns(path, { colours: { own }, startMs: fileStartMs })
      pictures += found.pictures
      late.push(...picturesLate(found.sightings['own']!, { startMs: fileStartMs }))
    }
  }
  return { track, name, pictures, picturesLate: late, tones }
}

const pathOf = ({ name }: RecordedFile) => join(server.dataDir, 'recordings', call.recordingId, name)

/** Those at edges are neither missing nor unexpected. */
function compared(heard: readonly Tone[], of: { name: PatternName; startMs: number }): HeardTones {
  const { audible, isAtEdge } = audibleTones(call, of.name)
  const found = tonesLate(heard, { startMs: of.startMs, sent: audible })
  const unexpected = found.unexpected.filter((at) => !isAtEdge(at))
  return { ...found, unexpected }
}

/** The video that was made of it, and what is found in it. */
interface Composite {
  // A file as the REST API has it.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly file: any
  readonly sightings: Record<string, Sighting[]>
  readonly tones: Record<string, Tone[]>
  readonly arranged: Arranged[]
}

let foundComposite: Promise<Composite> | undefined

/** Waits until it is ready, fetches it and looks at it, once. */
function composite(): Promise<Composite> {
  foundComposite ??= (async () => {
    const { state, outputs, error } = await recordingIn((now) => now !== 'processing')
    assert.equal(state, 'ready', JSON.stringify(error))
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    const file = outputs[0].files.find(({ kind }: any) => kind === 'video')
    const path = join(folder, 'composite.mp4')
    writeFileSync(path, await fetched(file.url))
    const { sightings } = await findPatterns(path, { colours, startMs })
    const tones = await findTones(
      path,
      Object.fromEntries(names.map((name) => [name, patterns[name].toneHz])),
    )
    return { file, sightings, tones, arranged: arrangements(sightings, { startMs }) }
  })()
  return foundComposite
}

const round = (value: number) => Math.round(value * 10) / 10
const percent = (share: number) => `${round(share * 100)} %`
const figures = (values: readonly number[]) => `${round(median(values))} (worst ${round(worst(values))})`
const spread = (values: readonly number[]) => Math.max(...values) - Math.min(...values)
const lateOf = (list: readonly Lateness[]) => list.map(({ lateMs }) => lateMs)

/** Sound is at most `mostBehind` ms behind its pictures or before them, and people are together within 100 ms. */
function assertTogether(
  of: Readonly<Record<PatternName, { pictures: readonly Lateness[]; sound: readonly Lateness[] }>>,
  { mostBehind, tell }: { mostBehind: number; tell: (text: string) => void },
): void {
  for (const name of names) {
    const [pictures, sound] = [lateOf(of[name].pictures), lateOf(of[name].sound)]
    const behind = soundBehindPictures(of[name].sound, of[name].pictures)
    tell(
      `${name}: ${pictures.length} pictures ${figures(pictures)} ms late, ${sound.length} tones ${figures(sound)} ms late`,
    )
    tell(`${name}: sound behind pictures ${figures(behind)} ms`)
    assert.ok(
      behind.length > sound.length / 2,
      `${name}: the pictures of ${behind.length} of ${sound.length} tones were stamped rightly`,
    )
    // A file lies in time by one line, so whatever is wrong with that is wrong with nearly all tones. The sound of a browser that
    // is short of time jumps, for a few of them.
    assert.ok(
      Math.abs(median(behind)) <= mostBehind / 2 && shareBeyond(behind, mostBehind) <= 0.25,
      `${name}: sound behind pictures, in ms: ${behind.map(round).join(', ')}`,
    )
    assert.ok(shareBeyond(pictures, 100) < 0.01, `${name}: pictures are up to ${worst(pictures)} ms late`)
  }
  const apart = {
    pictures: spread(names.map((name) => median(lateOf(of[name].pictures)))),
    sound: spread(names.map((name) => median(lateOf(of[name].sound)))),
  }
  tell(`among each other: pictures ${round(apart.pictures)} ms, sound ${round(apart.sound)} ms`)
  assert.ok(apart.pictures <= 100 && apart.sound <= 100, JSON.stringify(apart))
}

test('every track is whole', async (t) => {
  assert.deepEqual(manifest.tracks.map(({ participantId, source }) => `${participantId} ${source}`).sort(), [
    'ana camera',
    'ana microphone',
    'ana screen',
    'ben camera',
    'ben camera',
    'ben microphone',
    'ben microphone',
    'cleo camera',
    'cleo microphone',
  ])
  for (const file of manifest.tracks.flatMap(({ files }) => files)) {
    assert.equal(file.state, 'finished', file.name)
    assert.equal(await complaintsAbout(pathOf(file), ffmpeg), '', file.name)
    const show = ['-v', 'error', '-count_packets', '-show_entries', 'stream=nb_read_packets:format=duration']
    const shown = await run('ffprobe', [...show, '-of', 'csv=p=0', pathOf(file)])
    const [packets, seconds] = shown.toString().trim().split('\n').map(Number)
    assert.equal(packets, file.frames, `${file.name} has as many frames as the manifest says`)
    assert.ok(
      Math.abs(seconds! * 1000 - file.durationMs) <= 100,
      `${file.name} lasts ${seconds} s, the manifest says ${file.durationMs} ms`,
    )
  }
  // Each is decoded to its end, too.
  const visits = { ana: 0, ben: 0, cleo: 0 }
  for (const { track, name, pictures, picturesLate: late } of await tracks()) {
    if (track.source === 'microphone') continue
    const source = track.source === 'screen' ? 'screen' : 'camera'
    const sent = call.sent[name][source === 'camera' ? visits[name]++ : 0]!
    const firstMs = late[0]!.atMs
    // A recording of pictures begins with one that needs no other.
    const before = sent[source].filter((at) => at < firstMs).length
    const share = pictures / (sent.encoded[source] - before)
    t.diagnostic(
      `${name} ${source}: ${pictures} pictures, ${percent(share)} of those encoded since the first, which was drawn ${round(firstMs - sent[source][0]!)} ms after the camera began`,
    )
    assert.ok(share >= 0.97, `${name} ${source}: ${percent(share)} of the pictures are recorded`)
  }
})

test('in the tracks, sound, pictures and people are together', async (t) => {
  const all = await tracks()
  const of = (name: PatternName) => ({
    pictures: all.flatMap((found) =>
      found.name === name && found.track.source === 'camera' ? found.picturesLate : [],
    ),
    sound: all.flatMap((found) => (found.name === name ? found.tones.late : [])),
  })
  for (const name of names) {
    assert.equal(of(name).sound.length, audibleTones(call, name).audible.length, `tones of ${name}`)
    assert.deepEqual(
      all.flatMap((found) => (found.name === name ? found.tones.unexpected : [])),
      [],
    )
  }
  const tell = (text: string) => t.diagnostic(text)
  assertTogether({ ana: of('ana'), ben: of('ben'), cleo: of('cleo') }, { mostBehind: 40, tell })
})

test('every file of every track is offered, as it is', async () => {
  const { body } = await rest.get(`/recordings/${call.recordingId}/tracks`)
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  const offered: any[] = body.items.flatMap(({ files }: any) => files)
  const kept = manifest.tracks.flatMap(({ files }) => files)
  const digests = (contents: Buffer[]) =>
    contents.map((content) => createHash('sha256').update(content).digest('hex')).sort()
  assert.deepEqual(
    digests(await Promise.all(offered.map(({ url }) => fetched(url)))),
    digests(kept.map((file) => readFileSync(pathOf(file)))),
  )
})

test('in the composite, each picture and each tone is found when it was', async (t) => {
  const { sightings, tones } = await composite()
  const of = (name: PatternName) => ({
    pictures: picturesLate(sightings[name]!, { startMs }),
    sound: compared(tones[name]!, { name, startMs }).late,
  })
  for (const name of names) {
    const { missing, unexpected } = compared(tones[name]!, { name, startMs })
    const since = (list: number[]) => list.map((at) => at - startMs)
    assert.deepEqual([since(missing), since(unexpected)], [[], []], `tones of ${name}: missing, unexpected`)
  }
  const tell = (text: string) => t.diagnostic(text)
  // A picture of the composite lasts 40 ms.
  assertTogether({ ana: of('ana'), ben: of('ben'), cleo: of('cleo') }, { mostBehind: 80, tell })

  const loudness = names.map((name) => tones[name]!.map((tone) => tone.loudness))
  for (const [place, name] of names.entries())
    tell(
      `${name}: tones of ${percent(patterns[name].loudness)} are ${percent(Math.min(...loudness[place]!))} to ${percent(Math.max(...loudness[place]!))}`,
    )
  const heardAt = loudness.map((list) => median(list))
  assert.ok(Math.max(...heardAt) / Math.min(...heardAt) < 2, 'who sends softly is heard like the others')
  // One gain for all the time, so tones of one person are alike but for those that the browser broke off.
  for (const [place, list] of loudness.entries()) {
    const odd = list.filter((value) => Math.abs(value / heardAt[place]! - 1) > 0.3).length
    assert.ok(odd <= list.length / 4, `${names[place]}: ${odd} of ${list.length} tones are louder or softer`)
  }
})

test('people are shown while they are there, a screen while it is shared', async (t) => {
  const { sightings } = await composite()
  const { shared, unshared, left, returned, published } = call.happened
  const recordedOf = async (name: string, source: string) =>
    (await tracks()).flatMap((found) =>
      found.name === name && found.track.source === source ? found.picturesLate.map(({ atMs }) => atMs) : [],
    )
  const at = ({ timeMs }: Sighting) => startMs + timeMs
  const begins = (name: string, fromMs: number) =>
    Math.round(at(sightings[name]!.find((one) => at(one) >= fromMs)!) - fromMs)
  for (const name of names) {
    const recorded = await recordedOf(name, 'camera')
    for (const { fromMs, toMs } of presences(call.happened, name)) {
      const during = { fromMs: fromMs + mostBehindMs, toMs: toMs - 100 }
      const share = shareShown(sightings[name]!, { startMs, during, everyMs, recorded })
      t.diagnostic(`${name}: begins after ${begins(name, fromMs)} ms, then shown in ${percent(share)}`)
      assert.ok(share >= 0.97, `${name} is shown in ${share} of the pictures`)
    }
    assert.deepEqual(
      sightings[name]!.filter((one) => at(one) < published[name] - 100),
      [],
    )
  }
  const screenShare = shareShown(sightings['screen']!, {
    startMs,
    during: { fromMs: shared + mostBehindMs, toMs: unshared - 100 },
    everyMs,
    recorded: await recordedOf('ana', 'screen'),
  })
  t.diagnostic(`screen: begins after ${begins('screen', shared)} ms, then shown in ${percent(screenShare)}`)
  assert.ok(screenShare >= 0.97)
  const away = sightings['ben']!.filter((one) => at(one) > left + mostAfterMs && at(one) < returned)
  assert.deepEqual(away, [], 'who left is not shown')
  const unsharedStill = sightings['screen']!.filter(
    (one) => at(one) < shared - mostBehindMs || at(one) > unshared + mostAfterMs,
  )
  assert.deepEqual(unsharedStill, [], 'a screen is shown only while it is shared')
})

test('tiles are alike and apart, a screen is large, and who returns gets the old place', async (t) => {
  const { arranged } = await composite()
  const { published, left, returned, shared, unshared, ended } = call.happened
  const lastPublished = Math.max(...Object.values(published))
  const settled = arranged.filter(({ fromMs }) => fromMs > lastPublished + mostBehindMs)
  for (const { fromMs, toMs, boxes } of settled)
    t.diagnostic(
      `${Math.round(fromMs - startMs)} to ${Math.round(toMs - startMs)} ms: ${Object.keys(boxes).join(', ')}`,
    )
  assert.deepEqual(flickers(settled, 250), [], 'nothing flickers')

  const during = (fromMs: number, toMs: number): Arranged => {
    const middle = (fromMs + toMs) / 2
    const found = arranged.find((one) => one.fromMs <= middle && one.toMs >= middle)
    assert.ok(found, `there is a picture at ${middle - startMs} ms`)
    return found
  }
  const together = during(lastPublished + mostBehindMs, left)
  const two = during(left + mostAfterMs, returned)
  const withScreen = during(shared + mostBehindMs, unshared)
  const atEnd = during(unshared + mostAfterMs, ended)
  for (const { boxes } of [together, two, withScreen, atEnd]) {
    const all = Object.values(boxes)
    for (const [place, box] of all.entries()) {
      assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= 1.001 && box.y + box.height <= 1.001)
      // Parts of a picture of 16:9: a tile of the same shape is as wide as it is high.
      assert.ok(Math.abs(box.width - box.height) < 0.02, JSON.stringify(box))
      assert.ok(
        all.slice(place + 1).every((other) => isApart(box, other)),
        JSON.stringify(boxes),
      )
    }
    const people = names.flatMap((name) => boxes[name] ?? [])
    assert.ok(spread(people.map(({ width }) => width)) < 0.015, 'people are alike')
  }
  assert.deepEqual(Object.keys(together.boxes).sort(), ['ana', 'ben', 'cleo'])
  assert.deepEqual(Object.keys(two.boxes).sort(), ['ana', 'cleo'])
  assert.deepEqual(Object.keys(withScreen.boxes).sort(), ['ana', 'ben', 'cleo', 'screen'])
  const area = ({ width, height }: { width: number; height: number }) => width * height
  assert.ok(
    area(together.boxes['ana']!) > 0.18 && area(two.boxes['ana']!) >= area(together.boxes['ana']!) - 0.01,
  )
  assert.ok(area(withScreen.boxes['screen']!) > 0.5)
  for (const name of names)
    assert.ok(isSameBox(together.boxes[name]!, atEnd.boxes[name]!), `${name} has the old place`)
})

test('a browser plays the composite, from anywhere', async (t) => {
  const { file, arranged } = await composite()
  const { body: share, status } = await rest.post(`/recordings/${call.recordingId}/shares`, {})
  assert.equal(status, 201)
  const token = new URL(share.url).pathname.split('/').at(-1)!
  const { body: seen } = await rest.get(`/shared-recordings/${token}`)
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  const { url } = seen.files.find(({ kind }: any) => kind === 'video')
  const part = await fetch(server.url + url, { headers: { range: 'bytes=100-199' } })
  assert.deepEqual([part.status, (await part.arrayBuffer()).byteLength], [206, 100])

  const { page } = await openPage(browser, `${server.url}/healthz`, { bypassCSP: true })
  const facts: { duration: number; width: number; height: number } = await page.evaluate(`(async () => {
    globalThis.video = document.createElement('video')
    document.body.append(video)
    await new Promise((loaded, failed) => {
      video.onloadedmetadata = loaded
      video.onerror = () => failed(new Error(video.error.message))
      video.src = ${JSON.stringify(url)}
    })
    return { duration: video.duration, width: video.videoWidth, height: video.videoHeight }
  })()`)
  assert.ok(Math.abs(facts.duration * 1000 - file.durationMs) < 100)
  assert.deepEqual([facts.width, facts.height], [1280, 720])

  await page.evaluate('video.play()')
  await until(
    'it plays, with sound',
    () => page.evaluate<boolean>('video.currentTime > 1.5 && video.webkitAudioDecodedByteCount > 0'),
    {
      why: () =>
        page.evaluate('[video.currentTime, video.webkitAudioDecodedByteCount, video.error?.message]'),
    },
  )
  await page.evaluate('video.pause()')

  const moments = arranged.filter(({ fromMs, toMs }) => toMs - fromMs > 500)
  for (const { fromMs, toMs, boxes } of [...moments].reverse()) {
    const seconds = ((fromMs + toMs) / 2 - startMs) / 1000
    // In the upper part of each frame, where there is nothing but its colour.
    const points = Object.values(boxes).map(({ x, y, width, height }) => [x + width / 2, y + height * 0.06])
    const pixels: number[][] = await page.evaluate(`(async () => {
      await new Promise((sought) => { video.onseeked = sought; video.currentTime = ${seconds} })
      const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight)
      const context = canvas.getContext('2d')
      context.drawImage(video, 0, 0)
      return ${JSON.stringify(points)}.map(([x, y]) =>
        [...context.getImageData(Math.round(x * canvas.width), Math.round(y * canvas.height), 1, 1).data])
    })()`)
    const shown = pixels.map(([red = 0, green = 0, blue = 0]) =>
      [red, green, blue].map((value) => value > 128),
    )
    const expected = Object.keys(boxes).map((name) => [...colours[name as keyof typeof colours]])
    assert.deepEqual(shown, expected, `at ${seconds} s`)
  }
  t.diagnostic(`${moments.length} arrangements found in Chromium`)
  await page.context().close()
})
