import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Track } from '../manifest.ts'
import { peopleOf } from './people.ts'
import { pictureGraph, showingsOf } from './picture-graph.ts'
import { keyOf, scenesOf, type LayoutName, type Scene } from './scenes.ts'
import { concatList, durationOf, stripsOf } from './strips.ts'
import { recordedFile as file, recordedTrack as track } from './test-manifest.ts'

const size = { width: 1280, height: 720 }

function scenesFor(tracks: readonly Track[], layout: LayoutName = 'grid'): Scene[] {
  const strips = stripsOf(tracks)
  const durationMs = durationOf(strips)
  return scenesOf({ people: peopleOf({ tracks }, durationMs), strips, durationMs, layout, size, names: true })
}

/** Who is on the tiles, in their order. */
function shownIn({ tiles }: Scene): string[] {
  return tiles.map((tile) => (tile.kind === 'more' ? `+${tile.count}` : `${tile.kind} ${tile.person.name}`))
}

/** Somebody with a camera, there from one second to another. */
function camera(who: string, from: number, to: number, more: Partial<Track> = {}): Track {
  const files = [file(`${who}-${from}.webm`, from * 1000, (to - from) * 1000)]
  return track(who, 'camera', [from * 1000, to * 1000], files, more)
}

test('whoever leaves and comes back has the same place and colour; who is gone for a moment keeps it', () => {
  const scenes = scenesFor([
    camera('ana', 0, 100), camera('ben', 0, 30), camera('cleo', 0, 100),
    camera('ben', 60, 80), camera('ben', 85, 100),
  ]) // prettier-ignore
  assert.deepEqual(
    scenes.map((scene) => [scene.fromMs / 1000, shownIn(scene).join(', ')]),
    [
      [0, 'person Ana, person Ben, person Cleo'],
      [30, 'person Ana, person Cleo'],
      [60, 'person Ana, person Ben, person Cleo'],
    ],
  )
  assert.equal(keyOf(scenes[0]!.tiles), keyOf(scenes[2]!.tiles))
})

test('tracks that come one after another within a moment make one scene', () => {
  const scenes = scenesFor([
    track('ana', 'microphone', [10, 9000], []),
    track('ana', 'camera', [130, 9000], [file('a.webm', 250, 8000)]),
    track('ben', 'microphone', [350, 9000], []),
  ])
  assert.deepEqual(scenes.map(shownIn), [['person Ana', 'person Ben']])
})

test('beyond the places there are, who spoke most is shown and the others are counted', () => {
  const tracks = Array.from({ length: 40 }, (_, place) =>
    camera(`p${place}`, 0, 60, place === 33 ? { speech: [[1000, 9000]] } : {}),
  )
  const [scene] = scenesFor(tracks)
  const shown = shownIn(scene!)
  assert.equal(shown.length, 25)
  assert.equal(shown.at(-1), '+16')
  assert.ok(shown.includes('person P33') && shown.includes('person P0') && !shown.includes('person P32'))
  const strips = stripsOf(tracks)
  assert.equal(showingsOf([scene!], strips).length, 24, 'who is not shown is not decoded')
})

test('a screen is large while it is shared, several beside each other, alone in its own layout', () => {
  const tracks = [
    camera('ana', 0, 60), camera('ben', 0, 60),
    track('ana', 'screen', [10_000, 40_000], [file('s1.webm', 10_000, 30_000)]),
    track('ben', 'screen', [20_000, 30_000], [file('s2.webm', 20_000, 10_000)]),
  ] // prettier-ignore
  assert.deepEqual(scenesFor(tracks).map((scene) => shownIn(scene).join(', ')), [
    'person Ana, person Ben',
    'screen Ana, person Ana, person Ben',
    'screen Ana, screen Ben, person Ana, person Ben',
    'screen Ana, person Ana, person Ben',
    'person Ana, person Ben',
  ]) // prettier-ignore
  assert.deepEqual(scenesFor(tracks, 'screen').map((scene) => shownIn(scene).join(', ')), [
    'person Ana, person Ben', 'screen Ana', 'screen Ana, screen Ben', 'screen Ana', 'person Ana, person Ben',
  ]) // prettier-ignore
})

test('who speaks is large, coughs change nothing, and without a word about speech everybody is alike', () => {
  const speech = (...spans: [number, number][]) => ({ speech: spans })
  const tracks = [
    camera('ana', 0, 60, speech([0, 10_000], [30_000, 40_000])),
    camera('ben', 0, 60, speech([3000, 3800], [12_000, 20_000], [39_000, 50_000])),
    camera('cleo', 0, 45, speech([14_000, 15_000])),
  ]
  const scenes = scenesFor(tracks, 'speaker')
  const mains = scenes.map((scene) => ({ name: shownIn(scene)[0]!, fromMs: scene.fromMs }))
  const names = mains.map(({ name }) => name).filter((name, place, all) => name !== all[place - 1])
  assert.deepEqual(names, ['person Ana', 'person Ben', 'person Ana', 'person Ben'])
  for (const { fromMs, toMs } of scenes) assert.ok(toMs - fromMs >= 400)
  assert.deepEqual(shownIn(scenes[0]!), ['person Ana', 'person Ben', 'person Cleo'])
  assert.ok(scenes[0]!.tiles[0]!.tile.width > 3 * scenes[0]!.tiles[1]!.tile.width)

  const silent = tracks.map((one) => ({ ...one, speech: [] }))
  assert.deepEqual(scenesFor(silent, 'speaker'), scenesFor(silent, 'grid'))
})

test('whatever happens, scenes follow each other from the beginning to the end and everybody there has one tile', () => {
  const someone = fc.record({
    who: fc.nat({ max: 30 }),
    from: fc.nat({ max: 600_000 }),
    length: fc.integer({ min: 1, max: 300_000 }),
    source: fc.constantFrom('camera', 'microphone', 'screen'),
    speech: fc.array(fc.tuple(fc.nat({ max: 600_000 }), fc.nat({ max: 600_000 })), { maxLength: 5 }),
  })
  const layouts = fc.constantFrom<LayoutName>('grid', 'speaker', 'screen')
  fc.assert(
    fc.property(fc.array(someone, { minLength: 1, maxLength: 40 }), layouts, (list, layout) => {
      const tracks = list.map(({ who, from, length, source, speech }, place) =>
        track(`p${who}`, source, [from, from + length], [file(`f${place}.webm`, from, length)], { speech }),
      )
      const scenes = scenesFor(tracks, layout)
      const strips = stripsOf(tracks)
      assert.equal(scenes[0]!.fromMs, 0)
      assert.ok(scenes.at(-1)!.toMs >= durationOf(strips))
      for (const [place, scene] of scenes.entries()) {
        assert.equal(scene.fromMs, scenes[place - 1]?.toMs ?? 0)
        assert.equal(scene.fromMs % 40, 0)
        const people = scene.tiles.flatMap((tile) => (tile.kind === 'person' ? [tile.person.position] : []))
        assert.equal(new Set(people).size, people.length)
      }
      for (const { spans } of showingsOf(scenes, strips)) {
        for (const [place, span] of spans.entries()) {
          assert.ok(span.fromMs < span.toMs && span.fromMs >= (spans[place - 1]?.toMs ?? 0))
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('however often its size changed, a camera is one input, and holes between its files stay', () => {
  const files = Array.from({ length: 60 }, (_, place) => file(`c-${place}.webm`, place * 1000, 950))
  const tracks = [track('ana', 'camera', [0, 60_000], files), camera('ben', 0, 60)]
  const strips = stripsOf(tracks)
  assert.equal(strips.length, 2)
  assert.deepEqual(
    strips[0]!.spans,
    [{ fromMs: 0, toMs: 59_950 }],
    'the last picture stays until the next part',
  )
  const list = concatList(strips[0]!.files, (name) => `/it's/${name}`)
  assert.equal(list.split('\n').filter((line) => line === 'duration 1.000000').length, 59)
  assert.ok(list.includes(String.raw`file '/it'\''s/c-0.webm'`))
  const { graph } = pictureGraph(showingsOf(scenesFor(tracks), strips))
  assert.ok(graph.length < 2000, `${graph.length}`)
})

test('of somebody who is not seen all the time only the files are read in which they are', () => {
  const parts = [0, 5000, 10_000].map((fromMs) => file(`ana-${fromMs}.webm`, fromMs, 5000))
  const tracks = [
    track('ana', 'camera', [0, 15_000], parts),
    track('ben', 'screen', [6000, 16_000], [file('screen.webm', 6000, 10_000)]),
  ]
  const strips = stripsOf(tracks)
  const people = peopleOf({ tracks }, 16_000)
  const names = (layout: LayoutName) => {
    const scenes = scenesOf({ people, strips, durationMs: 16_000, layout, size, names: true })
    return showingsOf(scenes, strips).map(({ strip }) => strip.files.map(({ name }) => name))
  }
  assert.deepEqual(names('grid')[0], ['ana-0.webm', 'ana-5000.webm', 'ana-10000.webm'])
  assert.deepEqual(names('screen'), [['ana-0.webm', 'ana-5000.webm'], ['screen.webm']])
})

test('two screens of one person at the same time are two inputs; files that failed are none', () => {
  const strips = stripsOf([
    track('ana', 'screen', [0, 9000], [file('a.webm', 0, 9000)]),
    track('ana', 'screen', [1000, 9000], [file('b.webm', 1000, 8000)]),
    track('ben', 'camera', [0, 9000], [file('c.webm', 0, 9000, { state: 'failed' }), file('d.webm', 0, 9000, { frames: 0 })]),
  ]) // prettier-ignore
  assert.deepEqual(
    strips.map(({ files }) => files.map(({ name }) => name)),
    [['a.webm'], ['b.webm']],
  )
})
