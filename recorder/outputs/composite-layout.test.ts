import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { arrange, mostTiles, pictureOf, placesFor, type Rectangle, type Tile } from './composite-layout.ts'

const size = { width: 1280, height: 720 }
const sizes = fc.constantFrom({ width: 640, height: 360 }, size, { width: 1920, height: 1080 })

function overlap(a: Rectangle, b: Rectangle): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

function arrangedOf(others: number, options: { screens?: number; hasMain?: boolean } = {}): Tile[] {
  return [...arrange({ others, screens: 0, hasMain: false, size, captions: true, ...options }).others]
}

test('whoever is there, tiles lie inside, apart, and on even places', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: mostTiles }), fc.nat({ max: 4 }), fc.boolean(), sizes, fc.boolean(),
      (wanted, screens, hasMain, picture, captions) => {
        const isBeside = screens > 0 || hasMain
        const others = Math.min(wanted, placesFor({ isBeside, size: picture, captions }))
        const arranged = arrange({ others, screens, hasMain, size: picture, captions })
        assert.deepEqual([arranged.others.length, arranged.screens.length], [others, screens])
        assert.equal(arranged.main !== undefined, hasMain && screens === 0)
        const all = [...arranged.screens, ...(arranged.main ? [arranged.main] : []), ...arranged.others]
        for (const [place, tile] of all.entries()) {
          const { x, y, width, height } = tile
          assert.ok(x >= 0 && y >= 0 && x + width <= picture.width && y + height <= picture.height)
          const shown = pictureOf(tile)
          for (const value of [shown.x, shown.y, shown.width, shown.height]) assert.equal(value % 2, 0)
          assert.ok(shown.width >= 32 && shown.height >= 18, JSON.stringify(tile))
          for (const other of all.slice(place + 1)) assert.equal(overlap(tile, other), false)
        }
        assert.ok(new Set(arranged.others.map(({ width, height }) => `${width}x${height}`)).size <= 1)
      },
    ),
  ) // prettier-ignore
})

test('one fills the picture, two stand side by side, four in a square', () => {
  assert.ok(arrangedOf(1)[0]!.height >= 700)
  const two = arrangedOf(2)
  assert.equal(two[0]!.y, two[1]!.y)
  const four = arrangedOf(4)
  assert.deepEqual([new Set(four.map(({ x }) => x)).size, new Set(four.map(({ y }) => y)).size], [2, 2])
})

test('a screen, or who speaks, is larger than all who are beside', () => {
  const area = ({ width, height }: Rectangle) => width * height
  const beside = { others: 3, size, captions: true }
  const shared = arrange({ ...beside, screens: 1, hasMain: true })
  assert.ok(area(shared.screens[0]!) > 3 * area(shared.others[0]!))
  const spoken = arrange({ ...beside, screens: 0, hasMain: true })
  assert.ok(area(spoken.main!) > 3 * area(spoken.others[0]!))
  assert.ok(arrange({ ...beside, others: 0, screens: 1, hasMain: false }).screens[0]!.width > 1000)
})

test('there is place for twenty-five, and for fewer where they would be too small', () => {
  assert.equal(placesFor({ isBeside: false, size, captions: true }), 25)
  const beside = placesFor({ isBeside: true, size, captions: true })
  assert.ok(beside >= 4 && beside < 10, `${beside}`)
})
