import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { backdropsOf } from './backdrop.ts'
import { initialsOf, shortName } from './names.ts'
import { peopleOf } from './people.ts'
import { scenesOf } from './scenes.ts'
import { recordedTrack } from './test-manifest.ts'

const size = { width: 1280, height: 720 }

test('initials are letters of the first and the last word', () => {
  const letters = (name: string) => initialsOf(name).replaceAll('\u200c', ' ')
  assert.equal(letters('ana de la cruz'), 'A C')
  assert.equal(letters('Zoë'), 'Z')
  assert.equal(letters('"Bob" (guest)'), 'B G')
  assert.equal(letters('דוד כהן'), 'ד כ')
  assert.equal(letters('👩‍🚀 Mae'), '👩 M')
  assert.equal(letters('👋🏽 Wave'), '👋 W')
  assert.equal(letters(' {}%\\ '), '')
})

test('long names end in an ellipsis and never within a character; what turns text around is taken out', () => {
  assert.equal(shortName('Ana', { width: 100, fontSize: 20 }), 'Ana')
  const short = shortName('é'.repeat(200), { width: 100, fontSize: 20 })
  assert.match(short, /^é{5,12}…$/u)
  assert.match(shortName('👨‍👩‍👧‍👦'.repeat(50), { width: 100, fontSize: 20 }), /^(👨‍👩‍👧‍👦)+…$/u)
  assert.equal(shortName('\u202eevil\n\u0000x', { width: 500, fontSize: 20 }), 'evil x')
})

test('brackets of a name that reads from the right stay around what is in them', () => {
  const wide = { width: 500, fontSize: 20 }
  assert.equal(shortName('محمد (Ana) 7', wide), 'محمد \u200f(\u200fAna\u200f)\u200f 7')
  assert.equal(shortName('Ana (محمد)', wide), 'Ana (محمد)')
})

test('whatever a name is, it is one line of text and no command', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (displayName) => {
      const tracks = [recordedTrack('ana', 'camera', [0, 1000], [], { displayName })]
      const people = peopleOf({ tracks }, 1000)
      const scenes = scenesOf({
        ...{ people, strips: [], durationMs: 1000, size },
        layout: 'grid',
        names: true,
      })
      const lines = backdropsOf(scenes, { size, names: true }).subtitles.split('\n')
      const events = lines.slice(lines.indexOf('[Events]') + 2).filter((line) => line !== '')
      for (const line of events) {
        assert.match(line, /^Dialogue: 0,0:00:00.00,0:00:01.00,Plain,,0,0,0,,\{/)
        const text = line.slice(line.indexOf('}') + 1)
        if (/\\p1\}/.test(line.slice(0, line.indexOf('}') + 1))) continue
        assert.doesNotMatch(text, /(?<!\\)[{}]|\\[^{}\u2060]/u)
      }
    }),
  )
})

test('the same arrangement is drawn once, and nothing of a name where none are wanted', () => {
  const tracks = [
    recordedTrack('ana', 'camera', [0, 9000], []),
    recordedTrack('ben', 'camera', [20_000, 30_000], []),
  ]
  const people = peopleOf({ tracks }, 40_000)
  const options = { people, strips: [], durationMs: 40_000, layout: 'grid', size } as const
  const { count, numbers, subtitles } = backdropsOf(scenesOf({ ...options, names: false }), {
    size,
    names: false,
  })
  assert.deepEqual([count, numbers], [3, [0, 1, 2, 1]])
  assert.doesNotMatch(subtitles, /Ana|Ben/)
})
