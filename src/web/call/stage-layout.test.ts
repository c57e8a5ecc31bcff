import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrangeStage, firstPageSize, floatingRect, nearestCorner, type StageInput } from './stage-layout.ts'

const keys = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`)
const sizes = [
  { width: 1416, height: 812, compact: false },
  { width: 1000, height: 612, compact: false },
  { width: 374, height: 690, compact: true },
  { width: 760, height: 374, compact: true },
]

function* stages(): Generator<StageInput> {
  for (const size of sizes) {
    for (const count of [1, 2, 3, 5, 9, 16, 49]) {
      for (const focus of [undefined, 't0']) {
        for (const wide of [false, true]) yield { ...size, tiles: keys(count), focus, wide, page: 0 }
      }
    }
  }
}

test('tiles stay on the stage and never cover each other', () => {
  for (const input of stages()) {
    const { rects, more } = arrangeStage(input)
    const all = [...rects.values(), ...(more ? [more.rect] : [])]
    const about = JSON.stringify({ ...input, tiles: input.tiles.length })
    for (const [i, a] of all.entries()) {
      assert.ok(a.x >= 0 && a.y >= 0, about)
      assert.ok(a.x + a.width <= input.width + 1 && a.y + a.height <= input.height + 1, about)
      for (const b of all.slice(i + 1)) {
        const apart =
          a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y
        assert.ok(apart, about)
      }
    }
  }
})

test('everybody is on some page of the grid, once', () => {
  for (const size of sizes) {
    const seen: string[] = []
    let pages = 1
    for (let page = 0; page < pages; page++) {
      const layout = arrangeStage({ ...size, tiles: keys(49), focus: undefined, page })
      pages = layout.pages
      seen.push(...layout.rects.keys())
    }
    assert.deepEqual(seen, keys(49))
  }
})

test('a strip says how many it does not show', () => {
  const layout = arrangeStage({
    width: 1416,
    height: 812,
    compact: false,
    tiles: keys(49),
    focus: 't0',
    page: 0,
  })
  assert.equal(layout.rects.size + (layout.more?.count ?? 0), 49)
})

test('as many tiles stand beside the large one as were announced', () => {
  for (const input of stages()) {
    if (input.focus === undefined) continue
    const { rects, more } = arrangeStage(input)
    assert.equal(firstPageSize(input, input.tiles.length, true), rects.size - 1, JSON.stringify(input))
    assert.equal(rects.size + (more?.count ?? 0), input.tiles.length)
  }
})

test('a focus on somebody who left falls back to the grid', () => {
  const layout = arrangeStage({
    width: 800,
    height: 600,
    compact: false,
    tiles: keys(3),
    focus: 'gone',
    page: 9,
  })
  assert.equal(layout.rects.size, 3)
})

test('the floating picture keeps to its corner and a drag finds the nearest one', () => {
  for (const { width, height, compact } of sizes) {
    for (const corner of [0, 1, 2, 3] as const) {
      const rect = floatingRect(width, height, compact, corner)
      assert.ok(rect.x >= 0 && rect.y >= 0 && rect.x + rect.width <= width && rect.y + rect.height <= height)
      assert.equal(nearestCorner(rect.x + rect.width / 2, rect.y + rect.height / 2, width, height), corner)
    }
  }
})
