import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextSpeech, speakersAt, speechPath, spokeFirst, talkTime } from './speech.ts'

test('who never spoke comes last, and nobody else changes places', () => {
  const people = [
    { name: 'Ana', speech: [] },
    { name: 'Ben', speech: [[5, 6]] as [number, number][] },
    { name: 'Cleo', speech: [[1, 2]] as [number, number][] },
  ]
  assert.deepEqual(
    spokeFirst(people).map(({ name }) => name),
    ['Ben', 'Cleo', 'Ana'],
  )
})

test('marks that lie close together are one, and a short one can be seen', () => {
  assert.equal(speechPath([], 1000), '')
  assert.equal(speechPath([[100, 200]], 1000), 'M100 0H200V1H100Z')
  assert.equal(
    speechPath(
      [
        [200, 300],
        [100, 199],
      ],
      1000,
    ),
    'M100 0H300V1H100Z',
  )
  assert.equal(speechPath([[4000, 4001]], 40_000), 'M4000 0H4100V1H4000Z')
})

test('marks end where the recording does', () => {
  assert.equal(speechPath([[900, 5000]], 1000), 'M900 0H1000V1H900Z')
  assert.equal(speechPath([[2000, 5000]], 1000), '')
  assert.equal(speechPath([[0, 10]], 0), '')
})

test('talk time, who speaks, and where they speak next', () => {
  const ana = {
    speech: [
      [0, 1000],
      [5000, 7000],
    ] as const,
  }
  const ben = { speech: [[900, 2000]] as const }
  assert.equal(talkTime(ana.speech), 3000)
  assert.deepEqual(speakersAt([ana, ben], 950), [ana, ben])
  assert.deepEqual(speakersAt([ana, ben], 3000), [])
  assert.equal(nextSpeech(ana.speech, 0), 5000)
  assert.equal(nextSpeech(ana.speech, 6000), 0)
  assert.equal(nextSpeech([], 0), undefined)
})
