import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browserOf, describeProblem, stateOfError } from './device-state.ts'

test('every way a device can fail has a sentence and working devices have none', () => {
  for (const state of ['denied', 'missing', 'busy', 'insecure', 'failed'] as const) {
    for (const capture of ['camera', 'microphone', 'both'] as const) {
      const problem = describeProblem(state, capture, 'chromium')
      assert.ok(problem && problem.title.length > 10 && problem.help.length > 10)
    }
  }
  for (const state of ['off', 'asking', 'on'] as const) {
    assert.equal(describeProblem(state, 'camera', 'firefox'), undefined)
  }
})

test('codes of errors become states, unknown ones too', () => {
  assert.equal(stateOfError({ code: 'permission-denied' }), 'denied')
  assert.equal(stateOfError({ code: 'device-in-use' }), 'busy')
  assert.equal(stateOfError(new Error('?')), 'failed')
  assert.equal(stateOfError(undefined), 'failed')
})

test('browsers are told apart as far as the help needs it', () => {
  const chrome =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36'
  const safari =
    'Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15'
  assert.equal(browserOf(chrome), 'chromium')
  assert.equal(browserOf(safari), 'safari')
  assert.equal(browserOf('Mozilla/5.0 (iPhone) AppleWebKit Safari/604.1'), 'ios')
  assert.equal(browserOf('Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko Firefox/140.0'), 'firefox')
})
