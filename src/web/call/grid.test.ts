import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bringForward, landscapeAspects, layOut, portraitAspects, stripPlaces } from './grid.ts'

const desktop = {
  width: 1400,
  height: 780,
  gap: 10,
  minTileWidth: 160,
  minTileHeight: 96,
  ...landscapeAspects,
}
const phone = { width: 374, height: 660, gap: 8, minTileWidth: 120, minTileHeight: 96, ...portraitAspects }

test('a grid uses as many columns as give the largest pictures', () => {
  const columns = [1, 2, 3, 4, 5, 9, 16, 25].map((count) => layOut({ ...desktop, count }).columns)
  assert.deepEqual(columns, [1, 2, 2, 2, 3, 3, 4, 5])
})

test('two people on a phone stand above each other', () => {
  const grid = layOut({ ...phone, count: 2 })
  assert.deepEqual([grid.columns, grid.rows], [1, 2])
})

test('tiles never leave the rectangle nor the allowed aspect', () => {
  for (const room of [desktop, phone, { ...desktop, width: 300, height: 300 }]) {
    for (let count = 1; count <= 120; count++) {
      const grid = layOut({ ...room, count })
      assert.ok(grid.columns * grid.tileWidth + (grid.columns - 1) * room.gap <= room.width)
      assert.ok(grid.rows * grid.tileHeight + (grid.rows - 1) * room.gap <= room.height)
      assert.ok(grid.columns * grid.rows >= grid.perPage)
      assert.ok(grid.perPage * grid.pages >= count && grid.perPage * (grid.pages - 1) < count)
      const aspect = grid.tileWidth / grid.tileHeight
      assert.ok(aspect > room.minAspect - 0.02 && aspect < room.maxAspect + 0.02, `${count}: ${aspect}`)
    }
  }
})

test('forty-nine people share one page of a large window and several pages of a phone', () => {
  assert.equal(layOut({ ...desktop, count: 49 }).pages, 1)
  const grid = layOut({ ...phone, count: 49 })
  assert.ok(grid.pages > 1 && grid.tileWidth >= 120, JSON.stringify(grid))
})

test('a rectangle too small for anything still gives one tile', () => {
  const grid = layOut({ ...desktop, width: 20, height: 10, count: 7 })
  assert.deepEqual([grid.perPage, grid.pages], [1, 7])
})

test('a strip keeps its last place for the number of those who do not fit', () => {
  assert.equal(stripPlaces(4, 450, 100, 10), 4)
  assert.equal(stripPlaces(5, 450, 100, 10), 3)
  assert.equal(stripPlaces(5, 50, 100, 10), 0)
})

test('a speaker of a later page swaps with the quietest of the first', () => {
  const spoke = new Map([
    ['a', 5],
    ['b', 0],
    ['d', 9],
  ])
  assert.deepEqual(bringForward(['a', 'b', 'c', 'd'], 2, spoke), ['a', 'd', 'c', 'b'])
  assert.deepEqual(bringForward(['a', 'b', 'c'], 3, spoke), ['a', 'b', 'c'])
  assert.deepEqual(bringForward(['me', 'a', 'd'], 2, spoke, 1), ['me', 'd', 'a'])
})

test('nobody moves while nobody new speaks', () => {
  const spoke = new Map([['a', 5]])
  assert.deepEqual(bringForward(['a', 'b', 'c', 'd'], 2, spoke), ['a', 'b', 'c', 'd'])
})
