import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bitrateFor, encodingsFor, type EncodingQuestion } from './encodings.ts'

const camera: EncodingQuestion = { source: 'camera', codec: 'vp8', width: 1280, height: 720, options: {} }

test('a camera in HD is sent in three sizes, smallest first', () => {
  const encodings = encodingsFor(camera)
  assert.deepEqual(
    encodings.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy),
    [4, 2, 1],
  )
  assert.deepEqual(
    encodings.map(({ maxBitrate }) => maxBitrate),
    [150_000, 500_000, 1_700_000],
  )
})

test('small pictures get fewer sizes', () => {
  assert.equal(encodingsFor({ ...camera, width: 640, height: 360 }).length, 2)
  assert.equal(encodingsFor({ ...camera, width: 320, height: 180 }).length, 1)
})

test('an upright picture counts by its longer side', () => {
  assert.equal(encodingsFor({ ...camera, width: 720, height: 1280 }).length, 3)
})

test('several sizes say how many frame rates the browser sends', () => {
  const modes = (temporalLayers?: 2) =>
    encodingsFor({ ...camera, ...(temporalLayers && { temporalLayers }) }).map(
      ({ scalabilityMode }) => scalabilityMode,
    )
  assert.deepEqual(modes(), ['L1T3', 'L1T3', 'L1T3'])
  assert.deepEqual(modes(2), ['L1T2', 'L1T2', 'L1T2'])
})

test('codecs with layers are sent once', () => {
  const [encoding, ...more] = encodingsFor({ ...camera, codec: 'vp9' })
  assert.equal(encoding?.scalabilityMode, 'L3T3_KEY')
  assert.deepEqual(more, [])
  assert.equal(encodingsFor({ ...camera, codec: 'av1' })[0]?.scalabilityMode, 'L1T3')
  assert.equal(
    encodingsFor({ ...camera, codec: 'vp9', options: { simulcast: false } })[0]?.scalabilityMode,
    'L1T3',
  )
})

test('a screen comes in two sizes at most, and the small one costs little', () => {
  const encodings = encodingsFor({ ...camera, source: 'screen', width: 1920, height: 1080 })
  assert.equal(encodings.length, 2)
  assert.ok(encodings[0]!.maxBitrate <= encodings[1]!.maxBitrate / 8)
  assert.equal(encodings[1]!.maxFramerate, 15)
})

test('what the application says is taken', () => {
  const options = {
    videoEncoding: { maxBitrate: 900_000, maxFramerate: 24 },
    simulcastLayers: [
      { maxBitrate: 100_000, scaleDownBy: 3 },
      { maxBitrate: 900_000, scaleDownBy: 1 },
    ],
  }
  assert.deepEqual(
    encodingsFor({ ...camera, options }).map(({ maxBitrate, scaleResolutionDownBy }) => [
      maxBitrate,
      scaleResolutionDownBy,
    ]),
    [
      [100_000, 3],
      [900_000, 1],
    ],
  )
  const single = encodingsFor({ ...camera, options: { ...options, simulcast: false } })
  assert.deepEqual(single, [{ maxFramerate: 24, maxBitrate: 900_000, scalabilityMode: 'L1T3' }])
})

test('bitrates grow with the picture', () => {
  const sizes = [100, 320 * 180, 500 * 300, 640 * 360, 800 * 600, 1280 * 720, 1920 * 1080, 7680 * 4320]
  const rates = sizes.map((pixels) => bitrateFor(pixels))
  assert.deepEqual(
    rates,
    rates.toSorted((a, b) => a - b),
  )
})
