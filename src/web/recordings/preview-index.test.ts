import assert from 'node:assert/strict'
import { test } from 'node:test'
import { previewAt, readPreviewIndex } from './preview-index.ts'

const text = `WEBVTT

00:00.000 --> 00:05.000
preview.jpg#xywh=0,0,160,90

2
00:00:05.000 --> 01:00:10.500
preview.jpg#xywh=160,0,160,90

NOTE nothing here

00:20.000 --> 00:25.000
without a place
`

test('each moment has its picture', () => {
  const previews = readPreviewIndex(text)
  assert.deepEqual(previews, [
    { from: 0, to: 5000, x: 0, y: 0, width: 160, height: 90 },
    { from: 5000, to: 3_610_500, x: 160, y: 0, width: 160, height: 90 },
  ])
  assert.equal(previewAt(previews, 4999)?.x, 0)
  assert.equal(previewAt(previews, 5000)?.x, 160)
  assert.equal(previewAt(previews, 9e9)?.x, 160)
})

test('lines may end as on Windows, and what is no index has no pictures', () => {
  assert.equal(readPreviewIndex(text.replaceAll('\n', '\r\n')).length, 2)
  assert.deepEqual(readPreviewIndex('<html></html>'), [])
  assert.equal(previewAt([], 10), undefined)
})
