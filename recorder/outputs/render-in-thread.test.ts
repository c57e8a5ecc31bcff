import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ffmpeg, run } from '../../src/tests/support/recorder-media.ts'
import { writeManifest, type Track } from '../manifest.ts'
import { RenderError } from './render-error.ts'
import { renderInThread, type RenderInThreadOptions } from './render-in-thread.ts'
import { manifestOf, recordedFile, recordedTrack } from './test-manifest.ts'

async function folderWith(t: TestContext, tracks: Track[] | undefined): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-thread-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  if (tracks) await writeManifest(folder, manifestOf(tracks))
  return folder
}

function optionsFor(folder: string, more: Partial<RenderInThreadOptions> = {}): RenderInThreadOptions {
  const size = { width: 640, height: 360 }
  return { folder, name: 'out', kind: 'video', layout: 'grid', size, names: true, ffmpeg, ...more }
}

const refusedWith = (code: string) => (error: unknown) => {
  assert.ok(error instanceof RenderError, String(error))
  assert.equal(error.code, code)
  return true
}

test('what goes wrong in the thread is what went wrong', async (t) => {
  await assert.rejects(renderInThread(optionsFor(await folderWith(t, undefined))), refusedWith('files-lost'))
  const folder = await folderWith(t, [
    recordedTrack('ana', 'camera', [0, 4000], [recordedFile('gone.webm', 0, 4000)]),
  ])
  const warned: string[] = []
  await assert.rejects(
    renderInThread(optionsFor(folder, { onWarning: (text) => warned.push(text) })),
    refusedWith('nothing-captured'),
  )
  assert.deepEqual(warned, ['gone.webm is damaged or missing and was left out.'])
  assert.deepEqual(readdirSync(folder), ['manifest.json'])
})

test('it is made, says how far it is, and ends when nobody wants it any more', async (t) => {
  const folder = await folderWith(t, [
    recordedTrack('ana', 'microphone', [0, 4000], [recordedFile('voice.webm', 0, 4000)]),
  ])
  const voice = ['-f', 'lavfi', '-i', 'sine=d=4', '-c:a', 'libopus', join(folder, 'voice.webm')]
  await run(ffmpeg, ['-v', 'error', ...voice])
  const shares: number[] = []
  const [made] = await renderInThread(
    optionsFor(folder, { kind: 'audio', onProgress: (share) => shares.push(share) }),
  )
  assert.deepEqual([made?.name, made?.durationMs, shares.at(-1)], ['out.m4a', 4000, 1])

  const abort = new AbortController()
  const { signal } = abort
  await assert.rejects(
    renderInThread(optionsFor(folder, { name: 'other', signal, onProgress: () => abort.abort() })),
    refusedWith('stopped'),
  )
  assert.deepEqual(readdirSync(folder).toSorted(), ['manifest.json', 'out.m4a', 'voice.webm'])
})
