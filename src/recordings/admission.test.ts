import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recorderShareWith, whyNoCapacity, type Load } from './admission.ts'

const limits = { maxConcurrent: 20, maxCpu: 0.7, refuseAbove: 0.9 }
const idle: Load = {
  recordings: 0,
  recorded: { audio: 0, video: 0 },
  added: { audio: 0, video: 0 },
  recorderShare: 0,
  workerShare: 0,
  workersShare: 0,
  cores: 2,
}
const why = (load: Partial<Load>) => whyNoCapacity({ ...idle, ...load }, limits)

test('an idle server records', () => {
  assert.equal(why({}), undefined)
  assert.equal(why({ added: { audio: 40, video: 40 } }), undefined)
})

test('no more rooms than configured, and no more than one core of recorder', () => {
  assert.equal(why({ recordings: 19 }), undefined)
  assert.match(why({ recordings: 20 })!, /\(20\)/)
  assert.match(why({ added: { audio: 120, video: 120 } })!, /recorder/)
  assert.match(why({ recorderShare: 0.69 })!, /recorder/)
  // What was just added does not show in what was measured yet.
  assert.match(why({ recorded: { audio: 100, video: 100 }, recorderShare: 0.1 })!, /recorder/)
})

test('what is measured counts where it is more than what is reckoned', () => {
  const recorded = { audio: 10, video: 10 }
  const added = { audio: 1, video: 1 }
  const reckoned = recorderShareWith({ ...idle, recorded, added })
  assert.ok(reckoned > 0.07 && reckoned < 0.09, String(reckoned))
  assert.ok(recorderShareWith({ ...idle, recorded, added, recorderShare: 0.5 }) > 0.5)
})

test('a worker or a machine without time left takes no recording', () => {
  assert.match(why({ workerShare: 0.95 })!, /worker/)
  assert.match(why({ workersShare: 1.9, recorderShare: 0.1 })!, /machine/)
  assert.equal(why({ workersShare: 1.9, cores: 4 }), undefined)
})
