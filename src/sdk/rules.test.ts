import assert from 'node:assert/strict'
import { test } from 'node:test'
import { obstacle, openPolicy, usualGrants, type Act } from './rules.ts'
import type { Grants, RoomPolicy, TrackSource } from './types.ts'

function why(
  act: Act,
  source: TrackSource | undefined,
  facts: { policy?: Partial<RoomPolicy>; grants?: Partial<Grants>; askedToUnmute?: boolean } = {},
) {
  return obstacle(act, source, {
    policy: { ...openPolicy, ...facts.policy },
    grants: { ...usualGrants, ...facts.grants },
    askedToUnmute: facts.askedToUnmute ?? false,
  })
}

test('in an open room everybody does everything but moderate and record', () => {
  for (const source of ['microphone', 'camera', 'screen', 'screen-audio', 'other'] as const) {
    assert.equal(why('publish', source), undefined)
    assert.equal(why('unmute', source), undefined)
  }
  assert.equal(why('chat', undefined), undefined)
  assert.equal(why('subscribe', undefined), undefined)
  assert.equal(why('moderate', undefined), 'grants')
  assert.equal(why('record', undefined), 'grants')
  assert.equal(why('record', undefined, { grants: { moderate: true } }), undefined)
})

test('the policy keeps back screens, voices and chat, but not those of moderators', () => {
  const policy = { share: 'moderators', unmute: 'moderators', chat: 'moderators' } as const
  assert.equal(why('publish', 'screen', { policy }), 'policy')
  assert.equal(why('publish', 'screen-audio', { policy }), 'policy')
  assert.equal(why('publish', 'camera', { policy }), undefined)
  assert.equal(why('publish', 'microphone', { policy }), undefined)
  assert.equal(why('unmute', 'microphone', { policy }), 'policy')
  assert.equal(why('unmute', 'camera', { policy }), undefined)
  assert.equal(why('chat', undefined, { policy }), 'policy')
  assert.equal(why('send-data', undefined, { policy }), undefined)
  const grants = { moderate: true }
  for (const act of ['publish', 'unmute', 'chat'] as const) {
    assert.equal(why(act, 'screen', { policy, grants }), undefined)
  }
})

test('who was asked to unmute may', () => {
  const policy = { unmute: 'moderators' } as const
  assert.equal(why('unmute', 'microphone', { policy, askedToUnmute: true }), undefined)
})

test('what is not granted stands against it before any policy, moderator or not', () => {
  const grants = { publish: ['microphone'], data: false, moderate: true } as const
  assert.equal(why('publish', 'camera', { grants }), 'grants')
  assert.equal(why('unmute', 'camera', { grants }), 'grants')
  assert.equal(why('publish', 'microphone', { grants }), undefined)
  assert.equal(why('publish', undefined, { grants }), undefined)
  assert.equal(why('publish', undefined, { grants: { publish: [] } }), 'grants')
  assert.equal(why('chat', undefined, { grants }), 'grants')
})
