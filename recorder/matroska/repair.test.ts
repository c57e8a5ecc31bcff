import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { decodePictures, encodePictures, run } from '../../src/tests/support/recorder-media.ts'
import { complaintsAbout } from '../probe.ts'
import { fileHead } from './layout.ts'
import { MatroskaFile } from './file.ts'
import { repairFile } from './repair.ts'

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-matroska-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const head = {
  codec: 'vp8',
  format: { width: 320, height: 240 },
  startedMs: 1_800_000_000_000,
  title: 'a',
} as const
const frames = encodePictures({ codec: 'vp8', frames: 50, keyEvery: 20, kbps: 1500 })

/** Two seconds of pictures, as they lie on the disk when the writer is killed. */
async function unfinishedFile(folder: string): Promise<string> {
  const path = join(folder, 'writing.webm')
  const file = new MatroskaFile({
    ...head,
    path,
    onFailed: (error) => {
      throw error
    },
  })
  const all = await frames
  all.forEach(({ data, isKey }, place) => file.add({ data, isKey, timeMs: place * 40 }, place * 40))
  file.tick(10_000)
  await file.sync()
  const copy = join(folder, 'killed.webm')
  copyFileSync(path, copy)
  await file.finish()
  return copy
}

test('a file that ends at any byte keeps every whole frame and plays', async (t) => {
  const folder = folderFor(t)
  const killed = await unfinishedFile(folder)
  const whole = readFileSync(killed)
  const headLength = fileHead(head).length
  const cut = join(folder, 'cut.webm')
  let most = 0
  // Every byte of the head's end and of the first cluster's beginning, then some thousands in different places.
  const step = (length: number) => (length < headLength - 40 ? 50 : length < headLength + 60 ? 1 : 1499)
  for (let length = 0; length <= whole.length; length += step(length)) {
    writeFileSync(cut, whole.subarray(0, length))
    const repaired = await repairFile(cut)
    if (length < headLength) assert.equal(repaired, undefined)
    if (!repaired) continue
    assert.ok(repaired.frames >= most, `${length} bytes keep ${repaired.frames} frames, fewer bytes ${most}`)
    most = repaired.frames
    assert.equal(repaired.bytes, readFileSync(cut).length)
    assert.deepEqual(await repairFile(cut), repaired, 'what is finished stays as it is')
    if (length % 10 === 0 && length > headLength + 60) {
      assert.equal(await complaintsAbout(cut, 'ffmpeg'), '')
      assert.equal((await decodePictures(cut)).length, repaired.frames)
    }
  }
  assert.ok(most >= 49)
})

test('zeros at the end, as a power cut leaves them, are cut off', async (t) => {
  const killed = await unfinishedFile(folderFor(t))
  const { length } = readFileSync(killed)
  truncateSync(killed, length + 4096)
  const repaired = await repairFile(killed)
  assert.equal(repaired?.frames, 50)
  assert.equal(await complaintsAbout(killed, 'ffmpeg'), '')
})

test('a finished file and a repaired one say their duration and can be searched', async (t) => {
  const folder = folderFor(t)
  const killed = await unfinishedFile(folder)
  await repairFile(killed)
  assert.deepEqual(readFileSync(killed), readFileSync(join(folder, 'writing.webm')), 'they are the same')
  const format = await run('ffprobe', [
    '-v',
    'error',
    '-show_entries',
    'format=duration',
    '-of',
    'csv=p=0',
    killed,
  ])
  assert.equal(Number(format.toString()), 2)
  const sought = await run('ffmpeg', [
    '-v',
    'error',
    '-ss',
    '1',
    '-i',
    killed,
    '-c',
    'copy',
    '-f',
    'framecrc',
    '-',
  ])
  const packets = sought
    .toString()
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('#'))
  assert.equal(packets.length, 30, 'from the key frame before')
})

test('a disk that takes a part of what is written at a time gets all of it', async (t) => {
  const [whole, pieces] = [folderFor(t), folderFor(t)]
  await repairFile(await unfinishedFile(whole))
  const probe = await open(import.meta.filename)
  const prototype = Object.getPrototypeOf(probe) as FileHandle
  await probe.close()
  const write = prototype.write as (...parts: unknown[]) => Promise<{ bytesWritten: number }>
  t.mock.method(
    prototype,
    'write',
    function (this: FileHandle, bytes: Buffer, from: number, length: number, at: number) {
      return write.call(this, bytes, from, Math.min(length, 7), at)
    },
  )
  await repairFile(await unfinishedFile(pieces))
  for (const name of ['writing.webm', 'killed.webm']) {
    assert.ok(readFileSync(join(pieces, name)).equals(readFileSync(join(whole, name))), name)
  }
})

test('a disk that refuses is told once, and the file can still be closed', async (t) => {
  const folder = folderFor(t)
  const told: string[] = []
  const file = new MatroskaFile({
    ...head,
    path: join(folder, 'none', 'x.webm'),
    onFailed: (error) => told.push((error as NodeJS.ErrnoException).code ?? ''),
  })
  for (const { data, isKey } of await frames) file.add({ data, isKey, timeMs: 0 }, 0)
  await file.sync()
  await file.finish()
  assert.deepEqual(told, ['ENOENT'])
})
