import assert from 'node:assert/strict'
import { test } from 'node:test'
import { meetingPath, randomPasscode, readCode } from './codes.ts'

test('a code is read from what people type and paste', () => {
  for (const text of [
    'abc-defg-hjk',
    ' ABC-DEFG-HJK ',
    'abcdefghjk',
    'abc defg hjk',
    'https://meet.example.org/m/abc-defg-hjk',
    '/m/abc-defg-hjk?from=mail#x',
    'Join at https://meet.example.org/m/abc-defg-hjk today',
  ]) {
    assert.equal(readCode(text), 'abc-defg-hjk', text)
  }
  for (const text of [
    '',
    'calm-river-otter',
    'abc-defg-hj',
    'icy-bank-auk',
    'abc-1efg-hjk',
    '/m/',
    '/m/nothing',
    'a b c',
  ]) {
    assert.equal(readCode(text), undefined, text)
  }
  assert.equal(meetingPath('abc-defg-hjk'), '/m/abc-defg-hjk')
})

test('passcodes are six digits', () => {
  for (let i = 0; i < 50; i++) assert.match(randomPasscode(), /^\d{6}$/)
})
