import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentDisposition } from './content-disposition.ts'

test('no name breaks out of its header, and programs that know how get the real one', () => {
  const text = contentDisposition('attachment', 'a"b\\c\r\nx: y; 100%\u202e🎥\ud800.mp4')
  assert.match(text, /^[\x20-\x7e]+$/)
  assert.match(text, /^attachment; filename="[^"\\]*"; filename\*=UTF-8''[\w.%-]+$/)
  assert.equal(
    contentDisposition('attachment', 'a"b\r\nc/d: ü.mp4'),
    `attachment; filename="a_b__c_d: _.mp4"; filename*=UTF-8''a%22b%0D%0Ac%2Fd%3A%20%C3%BC.mp4`,
  )
  assert.equal(contentDisposition('inline', 'Algebra.mp4'), 'inline; filename="Algebra.mp4"')
})
