import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ClockSimulation, type SimulatedPublisher } from '../src/tests/support/recorder-clocks.ts'
import { encodePictures, run } from '../src/tests/support/recorder-media.ts'
import { payloadsOf } from '../src/tests/support/recorder-packets.ts'
import { Tap } from './tap.ts'
import { PublisherClocks } from './track-clock.ts'

// Hours of real clocks in seconds of ours: what comes out of the tap, its clock and its files is compared with the truth.

const startMs = Date.UTC(2026, 0, 1)
const hour = 3_600_000
const silence = Buffer.from([0xf8, 0xff, 0xfe])
const pictures = encodePictures({ codec: 'vp8', frames: 2, width: 16, height: 16, kbps: 20 })

/** By how much a frame is misplaced by who plays what the manifest says, in milliseconds: at which time, and how much. */
interface Misplaced {
  readonly atMs: number
  readonly byMs: number
}
interface Recorded {
  readonly sound: readonly Misplaced[]
  readonly picture: readonly Misplaced[]
}

async function record(t: TestContext, publisher: SimulatedPublisher, forMs: number): Promise<Recorded> {
  // Fewer frames of a long time say the same of its clocks.
  const everyMs = forMs > 2 * hour ? { sound: 900, picture: 2000 } : { sound: 200, picture: 500 }
  const folder = mkdtempSync(join(tmpdir(), 'sluice-sync-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const clocks = new PublisherClocks()
  const tap = (codec: 'opus' | 'vp8') =>
    new Tap({
      folder,
      trackId: codec,
      codec,
      clockRate: codec === 'opus' ? 48_000 : 90_000,
      payloadType: codec === 'opus' ? 100 : 101,
      publisher: clocks,
      send: () => undefined,
      onChanged: () => undefined,
      onFailed: (error) => {
        throw error
      },
    })
  const [sound, picture] = [tap('opus'), tap('vp8')]
  const [key, other] = await pictures
  const simulation = new ClockSimulation(publisher, {
    startMs,
    sound: { receive: (bytes, nowMs) => sound.receive(bytes, nowMs), tick: (nowMs) => sound.tick(nowMs) },
    picture: {
      receive: (bytes, nowMs) => picture.receive(bytes, nowMs),
      tick: (nowMs) => picture.tick(nowMs),
    },
    payloads: {
      sound: () => silence,
      picture: (place) => {
        const isKey = place % 20 === 0
        return payloadsOf('vp8', (isKey ? key! : other!).data, { isKey, pictureId: place })[0]!
      },
    },
    everyMs,
  })
  simulation.run(forMs, forMs > 2 * hour ? 100 : 20)
  const endMs = startMs + forMs + 1000
  await Promise.all([sound.close(endMs), picture.close(endMs)])
  for (const one of [sound, picture]) one.settle()
  return {
    sound: await misplaced(folder, sound, simulation.captured.sound),
    picture: await misplaced(folder, picture, simulation.captured.picture),
  }
}

async function misplaced(folder: string, tap: Tap, captured: readonly number[]): Promise<Misplaced[]> {
  const found: number[] = []
  for (const { name, offsetMs, driftPpm } of tap.files(startMs)) {
    const show = ['-v', 'error', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', join(folder, name)]
    for (const line of (await run('ffprobe', show)).toString().split('\n').filter(Boolean)) {
      found.push(offsetMs + Number.parseFloat(line) * 1000 * (1 + driftPpm / 1e6))
    }
  }
  assert.equal(found.length, captured.length, 'every frame is in a file')
  return captured.map((atMs, place) => ({ atMs, byMs: found[place]! - atMs }))
}

/** The most that two tracks are apart at any time, compared frame by frame with the one before it of the other. */
function worstApart(
  one: readonly Misplaced[],
  other: readonly Misplaced[],
  isUnsettled: (ms: number) => boolean = () => false,
): Misplaced {
  let worst: Misplaced = { atMs: 0, byMs: 0 }
  let place = 0
  for (const { atMs, byMs } of one) {
    if (isUnsettled(atMs)) continue
    while (place + 1 < other.length && other[place + 1]!.atMs <= atMs) place++
    const apartMs = byMs - other[place]!.byMs
    if (Math.abs(apartMs) > Math.abs(worst.byMs)) worst = { atMs, byMs: apartMs }
  }
  return worst
}

const minutes = (ms: number) => ms / 60_000
const minute = 60_000

const longer: SimulatedPublisher = { wallPpm: 40, delayMs: (ms) => (minutes(ms) < 25 ? 20 : 200) }
const often: SimulatedPublisher = {
  wallPpm: 80,
  delayMs: (ms) => (minutes(ms) < 35 ? 20 : 200),
  isCameraOn: (ms) => minutes(ms) % 20 < 4 || minutes(ms) > 40,
  isMicrophoneOn: (ms) => minutes(ms) < 20 || minutes(ms) > 23,
}
/** As Chromium does on a machine that is short of time: some here and there, and a lot within two minutes. */
const losing: SimulatedPublisher = {
  wallPpm: 40,
  lostSoundMs: (ms) => 25 * Math.floor(minutes(ms) / 4) + Math.min(280, Math.max(0, minutes(ms) - 33) * 140),
}
interface Scenario {
  readonly name: string
  readonly publisher: SimulatedPublisher
  readonly forMs?: number
  /** While what happened cannot be known yet. */
  readonly isUnsettled?: (ms: number) => boolean
}
const scenarios: readonly Scenario[] = [
  { name: 'a clock that is 100 ppm fast', publisher: { wallPpm: 100 } },
  { name: 'a clock that is 100 ppm slow', publisher: { wallPpm: -100 } },
  { name: 'a sound card that drifts from its machine', publisher: { wallPpm: -30, soundPpm: 100 } },
  { name: 'a way that becomes longer, 20 to 200 ms', publisher: longer },
  {
    name: 'a way that becomes shorter, 200 to 20 ms',
    publisher: { wallPpm: 40, delayMs: (ms) => (minutes(ms) < 45 ? 200 : 20) },
  },
  {
    name: 'a way that changes all the time',
    publisher: { wallPpm: -60, delayMs: (ms) => 20 + 90 * (1 + Math.sin(minutes(ms) / 3)) },
  },
  { name: 'camera and microphone that are on now and then while the way changes', publisher: often },
  {
    name: 'a wall clock that is set by 10 s',
    publisher: { wallPpm: 50, step: { atMs: 25 * minute, byMs: 10_000 } },
  },
  { name: 'sound of which a busy machine loses a little now and then', publisher: losing },
  {
    name: 'sound that loses 300 ms at once, from half a minute later on',
    publisher: { wallPpm: -40, soundPpm: 60, lostSoundMs: (ms) => (minutes(ms) < 25 ? 0 : 300) },
    isUnsettled: (ms) => minutes(ms) > 24.9 && minutes(ms) < 25.5,
  },
  {
    name: 'sound that was counted double for 200 ms while the way became longer',
    publisher: {
      lostSoundMs: (ms) => (minutes(ms) < 25 ? 0 : -200),
      delayMs: (ms) => (minutes(ms) < 25 ? 20 : 120),
    },
    isUnsettled: (ms) => minutes(ms) > 24.9 && minutes(ms) < 25.5,
  },
  { name: 'no sender reports', publisher: { wallPpm: 100, sendsReports: false } },
  { name: 'no reports of the worker either', publisher: { wallPpm: 100, isReported: false } },
  { name: 'half a minute only', publisher: { wallPpm: -50 }, forMs: minute / 2 },
  {
    name: 'twelve hours, over the wraps of both timestamps',
    publisher: { wallPpm: 100, soundPpm: -100 },
    forMs: 12 * hour,
  },
]

let perfect: { forMs: number; recorded: Promise<Recorded> } | undefined

for (const { name, publisher, forMs = hour, isUnsettled } of scenarios) {
  test(`in time: ${name}`, async (t) => {
    if (perfect?.forMs !== forMs) perfect = { forMs, recorded: record(t, {}, forMs) }
    const [one, other] = [await record(t, publisher, forMs), await perfect.recorded]
    const lips = worstApart(one.picture, one.sound, isUnsettled)
    const others = worstApart(one.sound, other.sound, isUnsettled)
    t.diagnostic(
      `${name}: picture and sound at most ${lips.byMs.toFixed(1)} ms apart (at ${minutes(lips.atMs).toFixed(0)} min), ` +
        `from others ${others.byMs.toFixed(1)} ms (at ${minutes(others.atMs).toFixed(0)} min)`,
    )
    assert.ok(Math.abs(lips.byMs) <= 40, `picture and sound ${lips.byMs}`)
    assert.ok(Math.abs(others.byMs) <= 100, `others ${others.byMs}`)
  })
}
