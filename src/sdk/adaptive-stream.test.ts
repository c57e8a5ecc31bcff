import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decideReception,
  fullSizeFrom,
  settleDelay,
  spatialLayersOf,
  type ElementView,
  type ReceiveQuestion,
} from './adaptive-stream.ts'

const view = (width: number, height: number, more: Partial<ElementView> = {}): ElementView => ({
  width,
  height,
  visible: true,
  cover: false,
  ...more,
})

const question = (views: readonly ElementView[], more: Partial<ReceiveQuestion> = {}): ReceiveQuestion => ({
  views,
  pixelRatio: 1,
  fullSize: { width: 1280, height: 720 },
  spatialLayers: 3,
  quality: 'auto',
  enabled: true,
  adaptive: true,
  ...more,
})

const layer = (width: number, height: number, more: Partial<ReceiveQuestion> = {}): number | undefined =>
  decideReception(question([view(width, height)], more)).spatialLayer

test('the layer is the smallest that fills the element', () => {
  assert.equal(layer(160, 90), 0)
  assert.equal(layer(320, 180), 0)
  assert.equal(layer(640, 360), 1)
  assert.equal(layer(1280, 720), 2)
  assert.equal(layer(3000, 2000), 2)
})

test('a layer may be stretched a little before the next one is taken', () => {
  assert.equal(layer(390, 219), 0)
  assert.equal(layer(410, 231), 1)
})

test('dense screens need more pixels, but no more than two per CSS pixel', () => {
  assert.equal(layer(320, 180, { pixelRatio: 2 }), 1)
  assert.equal(layer(320, 180, { pixelRatio: 4 }), 1)
})

test('a picture that is cut to fill its element is as large as its longer need', () => {
  const narrow = [view(200, 700)]
  assert.equal(decideReception(question(narrow)).spatialLayer, 0)
  assert.equal(decideReception(question([view(200, 700, { cover: true })])).spatialLayer, 2)
})

test('the largest visible element decides', () => {
  const views = [view(160, 90), view(1280, 720), view(300, 200)]
  assert.equal(decideReception(question(views)).spatialLayer, 2)
  const hidden = [view(160, 90), view(1280, 720, { visible: false })]
  assert.equal(decideReception(question(hidden)).spatialLayer, 0)
})

test('what nobody sees is paused', () => {
  assert.equal(decideReception(question([])).paused, true)
  assert.equal(decideReception(question([view(640, 360, { visible: false })])).paused, true)
  assert.equal(decideReception(question([view(0, 0)])).paused, true)
  assert.equal(decideReception(question([view(640, 360)])).paused, false)
  assert.equal(decideReception(question([view(640, 360)], { enabled: false })).paused, true)
})

test('quality is an upper bound', () => {
  assert.equal(layer(1280, 720, { quality: 'low' }), 0)
  assert.equal(layer(1280, 720, { quality: 'medium' }), 1)
  assert.equal(layer(1280, 720, { quality: 'high' }), 2)
  assert.equal(layer(160, 90, { quality: 'high' }), 0)
  assert.equal(layer(1280, 720, { quality: 'medium', spatialLayers: 2 }), 0)
})

test('without adaptive stream everything is received, in the quality that was chosen', () => {
  assert.deepEqual(decideReception(question([], { adaptive: false })), { paused: false, spatialLayer: 2 })
  assert.deepEqual(decideReception(question([], { adaptive: false, quality: 'low' })), {
    paused: false,
    spatialLayer: 0,
  })
})

test('with one layer there is nothing to choose', () => {
  assert.deepEqual(decideReception(question([view(640, 360)], { spatialLayers: 1 })), {
    paused: false,
    spatialLayer: undefined,
  })
})

test('showing is immediate, growing is quick, shrinking and hiding wait', () => {
  const small = { paused: false, spatialLayer: 0 }
  const large = { paused: false, spatialLayer: 2 }
  const paused = { paused: true, spatialLayer: 0 }
  assert.equal(settleDelay(paused, small), 0)
  assert.ok(settleDelay(small, large) < settleDelay(large, small))
  assert.ok(settleDelay(small, paused) > 0)
})

test('the full size follows from a frame and its layer', () => {
  assert.deepEqual(fullSizeFrom({ width: 320, height: 180 }, 0, 3), { width: 1280, height: 720 })
  assert.deepEqual(fullSizeFrom({ width: 640, height: 360 }, 0, 1), { width: 640, height: 360 })
})

test('spatial layers are read from the scalability mode', () => {
  assert.equal(spatialLayersOf('L3T3_KEY'), 3)
  assert.equal(spatialLayersOf('S2T1'), 2)
  assert.equal(spatialLayersOf(undefined), 1)
})
