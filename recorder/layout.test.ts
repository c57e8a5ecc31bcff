import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrange, type Rectangle } from './layout.ts'

const size = { width: 1280, height: 720 }

function overlap(a: Rectangle, b: Rectangle): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

test('however many there are, tiles lie inside, apart, even and of one size', () => {
  for (let people = 0; people <= 60; people++) {
    for (const screens of [0, 1, 2]) {
      const arranged = arrange({ people, screens, size })
      assert.deepEqual([arranged.people.length, arranged.screens.length], [people, screens])
      const all = [...arranged.people, ...arranged.screens]
      for (const [place, tile] of all.entries()) {
        const { x, y, width, height } = tile
        assert.ok(
          x >= 0 && y >= 0 && x + width <= size.width && y + height <= size.height,
          JSON.stringify(tile),
        )
        for (const value of [x, y, width, height]) assert.equal(value % 2, 0)
        for (const other of all.slice(place + 1)) assert.equal(overlap(tile, other), false)
      }
      assert.ok(new Set(arranged.people.map(({ width, height }) => `${width}x${height}`)).size <= 1)
    }
  }
})

test('one fills the picture, two stand side by side, four in a square', () => {
  const [one] = arrange({ people: 1, screens: 0, size }).people
  assert.ok(one!.height >= 700)
  const two = arrange({ people: 2, screens: 0, size }).people
  assert.equal(two[0]!.y, two[1]!.y)
  const four = arrange({ people: 4, screens: 0, size }).people
  assert.deepEqual([new Set(four.map(({ x }) => x)).size, new Set(four.map(({ y }) => y)).size], [2, 2])
})

test('a screen is larger than all who watch it', () => {
  const { screens, people } = arrange({ people: 3, screens: 1, size })
  const area = ({ width, height }: Rectangle) => width * height
  assert.ok(area(screens[0]!) > 3 * area(people[0]!))
})
