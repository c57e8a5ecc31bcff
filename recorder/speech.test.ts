import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SpeechSpans } from './speech.ts'

/** Packets of 20 ms, each of a level, one after the other. */
function heard(speech: SpeechSpans, fromMs: number, levels: readonly number[]): void {
  levels.forEach((level, place) => speech.add({ timeMs: fromMs + place * 20, durationMs: 20, level }))
}
const loud = (ms: number) => Array<number>(ms / 20).fill(30)
const quiet = (ms: number) => Array<number>(ms / 20).fill(90)

test('speech is told from silence, breaks between words do not end it', () => {
  const speech = new SpeechSpans()
  heard(speech, 0, [...quiet(1000), ...loud(400), ...quiet(400), ...loud(600), ...quiet(2000), ...loud(1000)])
  assert.deepEqual(speech.spans, [
    [1000, 2400],
    [4400, 5400],
  ])
})

test('a click is no speech, and who sends nothing is silent', () => {
  const speech = new SpeechSpans()
  heard(speech, 0, loud(100))
  heard(speech, 5000, loud(500))
  heard(speech, 60_000, loud(500))
  assert.deepEqual(speech.spans, [
    [5000, 5500],
    [60_000, 60_500],
  ])
})

test('a day of interjections becomes coarser, not endless', () => {
  const speech = new SpeechSpans()
  for (let place = 0; place < 60_000; place++) heard(speech, place * 1440, loud(400))
  const { spans } = speech
  assert.ok(spans.length <= 5001, `${spans.length}`)
  assert.equal(spans[0]![0], 0)
  assert.equal(spans.at(-1)![1], 59_999 * 1440 + 400)
})
