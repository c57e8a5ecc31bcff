import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { usableCores } from '../../workers/cores.ts'
import { runFfmpeg } from './ffmpeg-run.ts'

test(
  'FFmpeg keeps to the cores it is given, and everything else comes first',
  { skip: process.platform !== 'linux' },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-ffmpeg-'))
    try {
      // In the place of FFmpeg, what says how it was started.
      const ffmpeg = join(folder, 'ffmpeg')
      writeFileSync(ffmpeg, '#!/bin/sh\ncat /proc/self/status /proc/self/stat > seen\n')
      chmodSync(ffmpeg, 0o755)
      const core = usableCores().cores.at(-1)!
      await runFfmpeg({ ffmpeg, args: [], folder, cores: [core] })
      const seen = readFileSync(join(folder, 'seen'), 'utf8')
      assert.match(seen, new RegExp(`^Cpus_allowed_list:\\s+${core}$`, 'm'))
      // After the name in brackets: state, then 15 fields to the niceness.
      assert.equal(seen.slice(seen.lastIndexOf(')')).trim().split(' ')[17], '19')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
