import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { partOf, type FilePart } from './ranges.ts'

const file = { bytes: 1000, etag: '"a-1000"' }
const ask = (headers: Record<string, string>, method = 'GET'): FilePart => partOf({ method, headers }, file)

test('a range is what RFC 9110 says it is', () => {
  const cases: [string, FilePart][] = [
    ['bytes=0-', { kind: 'range', from: 0, to: 999 }],
    ['bytes=0-0', { kind: 'range', from: 0, to: 0 }],
    ['bytes=500-99999', { kind: 'range', from: 500, to: 999 }],
    ['bytes=999-999', { kind: 'range', from: 999, to: 999 }],
    ['bytes=-1', { kind: 'range', from: 999, to: 999 }],
    ['bytes=-5000', { kind: 'range', from: 0, to: 999 }],
    ['Bytes=10-20', { kind: 'range', from: 10, to: 20 }],
    ['bytes=1000-', { kind: 'unsatisfiable' }],
    ['bytes=-0', { kind: 'unsatisfiable' }],
    ['bytes=20-10', { kind: 'whole' }],
    ['bytes=-', { kind: 'whole' }],
    ['bytes=0-1,5-6', { kind: 'whole' }],
    ['bytes=a-b', { kind: 'whole' }],
    ['items=0-5', { kind: 'whole' }],
    [`bytes=${'9'.repeat(40)}-`, { kind: 'whole' }],
  ]
  for (const [range, part] of cases) assert.deepEqual(ask({ range }), part, range)
  assert.deepEqual(ask({ range: 'bytes=0-5' }, 'HEAD'), { kind: 'whole' })
})

test('a file that has changed since the first part is answered whole', () => {
  const range = 'bytes=10-20'
  const part = { kind: 'range', from: 10, to: 20 }
  assert.deepEqual(ask({ range, 'if-range': file.etag }), part)
  for (const other of ['"b-1000"', `W/${file.etag}`, 'Fri, 20 Nov 2026 14:05:00 GMT']) {
    assert.deepEqual(ask({ range, 'if-range': other }), { kind: 'whole' }, other)
  }
  for (const known of [file.etag, `"x", W/${file.etag}`, '*']) {
    assert.deepEqual(ask({ range, 'if-none-match': known }), { kind: 'unchanged' }, known)
  }
  assert.deepEqual(ask({ 'if-none-match': '"b"' }), { kind: 'whole' })
})

test('whatever the headers say, a part lies in the file', () => {
  fc.assert(
    fc.property(
      fc.nat(5000),
      fc.oneof(fc.string(), fc.stringMatching(/^bytes=\d{0,5}-\d{0,5}$/)),
      (bytes, range) => {
        const part = partOf({ method: 'GET', headers: { range } }, { bytes, etag: '"x"' })
        if (part.kind !== 'range') return
        assert.ok(0 <= part.from && part.from <= part.to && part.to < bytes, JSON.stringify(part))
      },
    ),
  )
})
