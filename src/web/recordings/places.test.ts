import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepPlace, keptPlace, linkToPlace, placeInAddress } from './places.ts'

const hour = 3_600_000

function memory(text?: string) {
  let kept = text
  return { getItem: () => kept ?? null, setItem: (_key: string, value: string) => void (kept = value) }
}

test('a link leads to a second of the recording', () => {
  const link = linkToPlace('https://meet.example.org/recordings/shared/abc?t=7&of=all', 95_900)
  assert.equal(link, 'https://meet.example.org/recordings/shared/abc?t=95&of=all')
  assert.equal(placeInAddress(new URL(link).searchParams), 95_000)
})

test('what is no place in an address is none', () => {
  for (const t of ['', 'abc', '-5', '1e3', '1.5', '9'.repeat(20)]) {
    assert.equal(placeInAddress(new URLSearchParams({ t })), undefined, t)
  }
  assert.equal(placeInAddress(new URLSearchParams()), undefined)
})

test('where somebody stopped is kept, each recording by itself', () => {
  const storage = memory()
  keepPlace('a', { ms: 60_000.7, durationMs: hour }, storage)
  keepPlace('b', { ms: 70_000, durationMs: hour }, storage)
  keepPlace('a', { ms: 80_000, durationMs: hour }, storage)
  assert.deepEqual([keptPlace('a', storage), keptPlace('b', storage)], [80_000, 70_000])
  assert.equal(keptPlace('c', storage), undefined)
})

test('what was watched to its end, or hardly, begins at the beginning', () => {
  const storage = memory()
  for (const ms of [3000, hour - 3000]) {
    keepPlace('a', { ms: 60_000, durationMs: hour }, storage)
    keepPlace('a', { ms, durationMs: hour }, storage)
    assert.equal(keptPlace('a', storage), undefined)
  }
})

test('those watched long ago are forgotten', () => {
  const storage = memory()
  for (let i = 0; i < 101; i++) keepPlace(`r${i}`, { ms: 60_000, durationMs: hour }, storage)
  assert.equal(keptPlace('r0', storage), undefined)
  assert.equal(keptPlace('r1', storage), 60_000)
})

test('a storage that is spoilt or refuses costs nothing but the place', () => {
  for (const text of ['{', 'null', '{"a":1}', '[["a","1"],["a",-1],7]']) {
    assert.equal(keptPlace('a', memory(text)), undefined, text)
  }
  const refuses = {
    getItem: () => null,
    setItem: () => {
      throw new Error('full')
    },
  }
  keepPlace('a', { ms: 60_000, durationMs: hour }, refuses)
})

test('nor does a browser that keeps nothing for pages and says so when it is asked', (t) => {
  const known = Object.getOwnPropertyDescriptor(globalThis, 'localStorage')
  t.after(() => {
    if (known) Object.defineProperty(globalThis, 'localStorage', known)
    else Reflect.deleteProperty(globalThis, 'localStorage')
  })
  Object.defineProperty(globalThis, 'localStorage', {
    configurable: true,
    get: () => {
      throw new DOMException('Access is denied for this document.', 'SecurityError')
    },
  })
  assert.equal(keptPlace('a'), undefined)
  keepPlace('a', { ms: 60_000, durationMs: hour })
})
