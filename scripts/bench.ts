/**
 * `npm run bench`: measurements on this machine, in one run each.
 * `npm run bench -- join` (default): click on Join to the first frame. `npm run bench -- logins`: log-ins beside a call.
 * `npm run bench -- composite`: making the video of a recorded call.
 * `npm run bench -- recording`: what recording costs. `npm run bench -- sync`: whether an hour of it stays in step.
 */

const benches: Readonly<Record<string, () => Promise<unknown>>> = {
  join: () => import('./bench-join.ts'),
  logins: () => import('./bench-logins.ts'),
  composite: () => import('./bench-composite.ts'),
  recording: () => import('./bench-recording.ts'),
  sync: () => import('./bench-sync.ts'),
}

const [first = '-'] = process.argv.slice(2)
const name = first.startsWith('-') ? 'join' : first
const bench = benches[name]
if (bench) await bench()
else {
  process.stderr.write(`There is no bench ${name}: ${Object.keys(benches).join(' or ')}.\n`)
  process.exitCode = 1
}
