/** `npm run bench`: measurements on this machine, in one run each. */

const benches: Readonly<Record<string, () => Promise<unknown>>> = {
  join: () => import('./bench/join.ts'),
  logins: () => import('./bench/logins.ts'),
  composite: () => import('./bench/composite.ts'),
  recording: () => import('./bench/recording.ts'),
  sync: () => import('./bench/sync.ts'),
}

const usage = `npm run bench -- join        click on Join to the first frame (default): --rounds N
npm run bench -- logins      log-ins beside a call: --rate, --rounds, --seconds, --database
npm run bench -- recording   what recording costs: --people, --seconds, --rounds, --kbps, --most, --step
npm run bench -- composite   making the video of a recorded call: --people, --seconds
npm run bench -- sync        whether a recording stays in step: --minutes, --composite and more
`

const given = process.argv.slice(2)
const [first = '-'] = given
const name = first.startsWith('-') ? 'join' : first
const bench = benches[name]
if (given.includes('--help')) process.stdout.write(usage)
else if (bench) await bench()
else {
  process.stderr.write(`There is no bench ${name}: ${Object.keys(benches).join(' or ')}.\n`)
  process.exitCode = 1
}
