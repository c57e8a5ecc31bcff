import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, truncateSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { recover } from '../../recorder/recover.ts'
import { Recording } from '../../recorder/recording.ts'
import { atPace } from './support/at-pace.ts'
import { cameraTap } from './support/camera-tap.ts'
import { encodePictures } from './support/recorder-media.ts'
import { payloadsOf, rtpPacket } from './support/recorder-packets.ts'

// A machine that stops at once keeps of a file what was synced. Each sync is watched, and files are cut to what it covered.

test('a power cut at any moment costs less than two seconds', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'sluice-power-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const pictures = await encodePictures({ codec: 'vp8', frames: 200, keyEvery: 50, kbps: 800 })

  const synced = new Map<string, number>()
  const probe = await open(import.meta.filename)
  const prototype = Object.getPrototypeOf(probe) as FileHandle
  await probe.close()
  const { datasync } = prototype
  t.after(() => {
    prototype.datasync = datasync
  })
  prototype.datasync = async function (this: FileHandle) {
    const [path, { size }] = [readlinkSync(`/proc/self/fd/${this.fd}`), await this.stat()]
    await datasync.call(this)
    synced.set(basename(path), size)
  }

  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const folder = join(root, 'running')
  const recording = await Recording.create({ recordingId: 'cut', folder, minFreeBytes: 0 }, () => undefined)
  const port = await recording.addTap(cameraTap('cut', { fromPort: socket.address().port }))
  let sequence = 0
  const cuts: { folder: string; sent: number }[] = []
  await atPace(pictures.length, 40, (place) => {
    const { data, isKey } = pictures[place]!
    const payloads = payloadsOf('vp8', data, { isKey, pictureId: place })
    payloads.forEach((payload, part) => {
      const marker = part === payloads.length - 1
      const fields = { payloadType: 101, sequence: sequence++, timestamp: place * 3600, ssrc: 7, marker }
      socket.send(rtpPacket(fields, payload), port, '127.0.0.1')
    })
    // The first two seconds may be lost whole.
    if (place < 55 || place % 7 !== 0) return
    const cut = join(root, String(place))
    cpSync(folder, cut, { recursive: true })
    for (const name of readdirSync(cut)) {
      const kept = synced.get(name)
      // The manifest is renamed after it was synced under another name.
      if (name.endsWith('.part')) truncateSync(join(cut, name), kept ?? 0)
    }
    cuts.push({ folder: cut, sent: place + 1 })
  })
  await recording.close('stopped')
  socket.close()

  let worstMs = 0
  for (const { folder: cut, sent } of cuts) {
    assert.ok(existsSync(join(cut, 'manifest.json')))
    const recovered = await recover(cut)
    const frames = recovered!.manifest.tracks[0]?.files[0]?.frames ?? 0
    worstMs = Math.max(worstMs, (sent - frames) * 40)
  }
  t.diagnostic(`${cuts.length} cuts, at most ${worstMs} ms lost`)
  assert.ok(worstMs < 2000, `${worstMs} ms`)
})
