/**
 * `npm run bench`: measurements on this machine, in one run each.
 * `npm run bench -- join` (default): click on Join to the first frame. `npm run bench -- logins`: log-ins beside a call.
 */

const benches: Readonly<Record<string, () => Promise<unknown>>> = {
  join: () => import('./bench-join.ts'),
  logins: () => import('./bench-logins.ts'),
}

const [name = 'join'] = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const bench = benches[name] ?? benches['join']!
await bench()
