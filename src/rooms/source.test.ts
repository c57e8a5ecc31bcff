import assert from 'node:assert/strict'
import { test } from 'node:test'
import { demoSource, sourceOf } from './source.ts'

test('what a producer shows is understood in our words and in those of the demo’s clients', () => {
  assert.equal(sourceOf('audio', 'microphone'), 'microphone')
  assert.equal(sourceOf('audio', 'audio'), 'microphone')
  assert.equal(sourceOf('audio', 'mic'), 'microphone')
  assert.equal(sourceOf('video', 'webcam'), 'camera')
  assert.equal(sourceOf('video', 'video'), 'camera')
  assert.equal(sourceOf('video', 'screensharing'), 'screen')
  assert.equal(sourceOf('audio', 'screensharing'), 'screen-audio')
  assert.equal(sourceOf('audio', undefined), 'microphone')
  assert.equal(sourceOf('video', undefined), 'camera')
})

test('what nobody knows is "other", also when it is the name of something inherited', () => {
  assert.equal(sourceOf('video', 'hologram'), 'other')
  assert.equal(sourceOf('audio', 'camera'), 'other')
  assert.equal(sourceOf('video', 'constructor'), 'other')
  assert.equal(sourceOf('video', '__proto__'), 'other')
})

test('demo clients are told in their words', () => {
  assert.equal(demoSource('video', 'screen'), 'screensharing')
  assert.equal(demoSource('audio', 'screen-audio'), 'screensharing')
  assert.equal(demoSource('video', 'camera'), 'video')
  assert.equal(demoSource('audio', 'microphone'), 'audio')
  assert.equal(demoSource('video', 'other'), 'video')
})
