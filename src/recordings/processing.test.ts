import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { noStatistics, type Manifest, type Track } from '../../recorder/manifest.ts'
import { isSamePlan, outputAsAsked, planOf } from './output-plan.ts'
import { factsOf, mergedSpans } from './processing-facts.ts'
import { stateOf } from './processing-state.ts'

const track = (participantId: string, about: Partial<Track>): Track => ({
  trackId: `${participantId}-1`,
  participantId,
  displayName: participantId,
  source: 'microphone',
  codec: 'opus',
  addedMs: 0,
  statistics: noStatistics,
  files: [],
  ...about,
})

const manifest = (tracks: Track[]): Manifest => ({
  version: 1,
  recordingId: 'rec_1',
  state: 'finished',
  startedAt: '2026-11-20T12:00:00.000Z',
  endedAt: '2026-11-20T12:01:00.500Z',
  writer: 1,
  tracks,
})

test('people are listed in the order of coming, under their last name, with all they said', () => {
  const { participants, durationMs } = factsOf(
    manifest([
      track('ben', { addedMs: 900, displayName: 'Benjamin', speech: [[4000.4, 5000.6]] }),
      track('ana', { addedMs: 100, displayName: 'Ana', speech: [[200, 300]] }),
      track('ben', { addedMs: 50, displayName: 'Ben', speech: [[4900, 6000]] }),
    ]),
  )
  assert.equal(durationMs, 60_500)
  assert.deepEqual(participants, [
    { identity: 'ben', name: 'Benjamin', spans: [[4000, 6000]] },
    { identity: 'ana', name: 'Ana', spans: [[200, 300]] },
  ])
})

test('spans come out in order, apart from each other, and cover what went in', () => {
  const span = fc.tuple(fc.integer({ min: -50, max: 500 }), fc.integer({ min: 1, max: 80 }))
  fc.assert(
    fc.property(fc.array(span), (list) => {
      const spans = list.map(([from, length]): [number, number] => [from, from + length])
      const merged = mergedSpans(spans)
      for (const [place, [from, to]] of merged.entries()) {
        assert.ok(from < to && from > (merged[place - 1]?.[1] ?? -1))
      }
      const isIn = (list: [number, number][], ms: number) => list.some(([from, to]) => ms >= from && ms < to)
      for (let ms = 0; ms < 600; ms++) assert.equal(isIn(merged, ms), isIn(spans, ms))
    }),
  )
})

test('the state of a recording follows from what is made of it', () => {
  const output = (state: 'queued' | 'ready' | 'failed') => ({
    state,
    error: state === 'failed' ? { code: 'x', message: 'y' } : null,
  })
  const fine = { error: null }
  assert.equal(stateOf(fine, []).state, 'ready')
  assert.equal(stateOf(fine, [output('queued'), output('failed')]).state, 'processing')
  assert.equal(stateOf(fine, [output('queued'), output('ready')]).state, 'ready')
  assert.deepEqual(stateOf(fine, [output('failed')]), { state: 'failed', error: { code: 'x', message: 'y' } })
  const lost = { error: { code: 'files-lost', message: 'gone' } }
  assert.equal(stateOf(lost, [output('ready')]).state, 'failed')
})

test('what is asked for is the same as what its row says', () => {
  const config = { layout: 'speaker', size: '640x360' } as Parameters<typeof outputAsAsked>[1]
  const asked = outputAsAsked({}, config)
  assert.deepEqual(asked, { kind: 'video', options: { layout: 'speaker', size: '640x360', names: true } })
  const kept = JSON.parse(JSON.stringify(asked.options)) as Record<string, unknown>
  assert.ok(isSamePlan(asked, planOf({ kind: 'video', options: kept })))
  assert.ok(!isSamePlan(asked, outputAsAsked({ names: false }, config)))
  assert.ok(!isSamePlan(asked, outputAsAsked({ kind: 'audio' }, config)))
  assert.ok(
    isSamePlan(
      outputAsAsked({ kind: 'audio', layout: 'grid' }, config),
      planOf({ kind: 'audio', options: null }),
    ),
  )
})
