import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { holdSyncCall, readFacts } from './sync-call.ts'
import { sayComposite } from './sync-composite.ts'
import { lookAtTracks } from './sync-tracks.ts'
import { sayFigures } from './sync-figures.ts'

/**
 * `npm run bench -- sync`: how well sound and pictures stay together over an hour of real clocks. Three people in Chromium send
 * pictures with a clock and tones, and are recorded by a server of its own process. One's machine is fast by 200 parts per million
 * (libfaketime, if it is installed), another's sound card by 150. Then pictures and tones are looked for in what was recorded.
 * `--minutes N`, `--machine-ppm N`, `--card-ppm N`; `--folder F` keeps everything in F, `--again` looks at what is in F already,
 * `--composite` makes the video as well and looks at its minutes 1, the middle one and the last but one.
 */

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '60' },
    'machine-ppm': { type: 'string', default: '200' },
    'card-ppm': { type: 'string', default: '150' },
    folder: { type: 'string' },
    again: { type: 'boolean', default: false },
    composite: { type: 'boolean', default: false },
  },
})
const say = (text = ''): void => void process.stdout.write(`${text}\n`)
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'sluice-bench-'))
mkdirSync(folder, { recursive: true })
try {
  if (!values.again) {
    await holdSyncCall({
      folder,
      minutes: Number(values.minutes),
      machinePpm: Number(values['machine-ppm']),
      cardPpm: Number(values['card-ppm']),
      say,
    })
  }
  const facts = readFacts(folder)
  const tracks = await lookAtTracks(folder, facts)
  sayFigures(facts, tracks, say)
  if (values.composite) await sayComposite(folder, facts, say)
} finally {
  if (values.folder === undefined) rmSync(folder, { recursive: true, force: true })
}
