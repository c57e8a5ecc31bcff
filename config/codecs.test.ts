import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateRouterRtpCapabilities } from 'mediasoup/ortc'
import { routerCodecs } from './codecs.ts'
import { loadConfig } from './load.ts'
import { codecNames, type MediaConfig } from './schema.ts'

function media(overrides: Partial<MediaConfig> = {}): MediaConfig {
  return { ...loadConfig({ argv: [], env: {}, cwd: '/nowhere' }).config.media, ...overrides }
}

test('mediasoup accepts every codec, alone and all together', () => {
  for (const name of codecNames) {
    const { codecs = [] } = generateRouterRtpCapabilities(routerCodecs(media({ codecs: [name] })))
    assert.ok(codecs.length > 0, name)
  }
  const { codecs = [] } = generateRouterRtpCapabilities(routerCodecs(media({ codecs: [...codecNames] })))
  const payloadTypes = codecs.map((codec) => codec.preferredPayloadType)
  assert.equal(new Set(payloadTypes).size, payloadTypes.length)
  assert.equal(codecs.filter((codec) => codec.mimeType === 'video/rtx').length, 6, 'video can be sent again')
})

test('a room offers codecs in the order of the setting', () => {
  const types = routerCodecs(media({ codecs: ['av1', 'opus', 'h264', 'vp8'] })).map((codec) => codec.mimeType)
  assert.deepEqual(types, ['video/AV1', 'audio/opus', 'video/H264', 'video/VP8'])
})

test('opus error correction and silence follow their settings', () => {
  const [loud] = routerCodecs(media({ codecs: ['opus'], opusFec: false, opusDtx: false }))
  assert.deepEqual(loud?.parameters, { useinbandfec: 0, usedtx: 0 })
  const [usual] = routerCodecs(media({ codecs: ['opus'] }))
  assert.deepEqual(usual?.parameters, { useinbandfec: 1, usedtx: 1 })
})

test('video starts at a bitrate that the publisher may send', () => {
  const start = (maxIncomingBps: number) =>
    routerCodecs(media({ codecs: ['vp8'], maxIncomingBps }))[0]?.parameters?.['x-google-start-bitrate']
  assert.equal(start(6_000_000), 1000)
  assert.equal(start(300_000), 300)
  assert.equal(start(0), 1000)
})
