import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeBarrier, describeMute, describePolicyChange, describeStop } from './happenings.ts'

const open = {
  locked: false,
  lobby: false,
  waitForHost: false,
  share: 'everyone',
  chat: 'everyone',
  unmute: 'everyone',
} as const
const free = { microphone: undefined, camera: undefined, screen: undefined, chat: undefined }

test('who was muted reads by whom, and what to do where hosts decide who speaks', () => {
  assert.equal(describeMute('microphone', 'Mara', open), 'Mara muted you.')
  assert.equal(describeMute('microphone', undefined, open), 'A host muted you.')
  assert.match(describeMute('microphone', undefined, { ...open, unmute: 'moderators' }), /Raise your hand/)
  assert.equal(describeMute('camera', 'Mara', open), 'Mara paused your camera.')
})

test('a stopped screen share is told once, with the reason', () => {
  assert.equal(describeStop('screen', 'moderator', 'Mara'), 'Mara stopped your screen share.')
  assert.equal(describeStop('screen-audio', 'moderator', 'Mara'), undefined)
  assert.match(describeStop('screen', 'policy', 'Mara') ?? '', /Only hosts/)
  assert.equal(describeStop('camera', 'moderator', undefined), 'A host turned your camera off.')
})

test('only what changed of the policy is told', () => {
  assert.deepEqual(describePolicyChange(open, open, 'Mara'), [])
  assert.deepEqual(describePolicyChange(open, { ...open, locked: true }, 'Mara'), ['Mara locked the room.'])
  assert.deepEqual(
    describePolicyChange({ ...open, share: 'moderators' }, { ...open, chat: 'moderators' }, 'Mara'),
    ['Everybody may share a screen now.', 'Only hosts may write in the chat now.'],
  )
})

test('a control that cannot be used says why, and one that can says nothing', () => {
  assert.equal(describeBarrier('screen', free), undefined)
  assert.match(describeBarrier('screen', { ...free, screen: 'policy' }) ?? '', /Only hosts/)
  assert.match(describeBarrier('microphone', { ...free, microphone: 'grants' }) ?? '', /listen/)
})
