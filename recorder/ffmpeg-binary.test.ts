import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findFfmpeg } from './ffmpeg-binary.ts'

test('the FFmpeg that is named is used, and one that does not run is an error', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-ffmpeg-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const program = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, `#!/bin/sh\n${text}\n`)
    chmodSync(path, 0o755)
    return path
  }

  const good = program('ffmpeg', 'echo "ffmpeg version 7.1-test Copyright"')
  assert.deepEqual(await findFfmpeg({ FFMPEG_PATH: good }), {
    path: good,
    source: 'environment',
    version: '7.1-test',
  })
  // A machine on which ffmpeg-static could download its binary prefers that one.
  const packaged = await findFfmpeg({ PATH: '' })
  assert.equal(packaged?.source ?? 'ffmpeg-static', 'ffmpeg-static')
  assert.equal((await findFfmpeg({ PATH: `/none:${folder}` }))?.path, packaged?.path ?? good)

  const bad = program('broken', 'exit 1')
  await assert.rejects(findFfmpeg({ FFMPEG_PATH: bad }), /FFMPEG_PATH names .*broken.*Correct it or unset it/)
})
