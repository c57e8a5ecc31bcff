import { parseArgs } from 'node:util'
import { startBrowser } from '../../src/tests/support/browser.ts'
import { Caller } from '../../src/tests/support/caller.ts'
import { startServer } from '../../src/tests/support/server.ts'

/**
 * `npm run bench`: from the click on Join to the first decoded frame of somebody else, in the web app, on loopback.
 * Each round is a fresh browser context that joins a room in which one person is already sending. Times include
 * everything a person waits for: signaling, ICE, DTLS, the key frame, decoding and presenting.
 */

const { values } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '15' } },
})
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a whole number from 1')

const server = await startServer()
const browser = await startBrowser()
try {
  const host = await Caller.join(browser, { url: server.url, room: 'bench', name: 'Host' })
  const times: number[] = []
  // The first one warms up caches of the browser and is not counted.
  for (let round = 0; round <= rounds; round++) {
    const guest = await Caller.join(browser, { url: server.url, room: 'bench', name: `Guest ${round}` })
    const ms = await guest.page.evaluate<number>(`new Promise((resolve) => {
      const look = () => {
        const [click] = performance.getEntriesByName('sluice:join-click')
        const [frame] = performance.getEntriesByName('sluice:first-remote-frame')
        if (click && frame) resolve(frame.startTime - click.startTime)
        else setTimeout(look, 10)
      }
      look()
    })`)
    if (round > 0) times.push(ms)
    process.stdout.write(`${round === 0 ? 'warm-up' : `round ${round}`}: ${Math.round(ms)} ms\n`)
    await guest.leave()
  }
  await host.leave()
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!)
  process.stdout.write(
    `click on Join to first remote frame: median ${at(0.5)} ms, p90 ${at(0.9)} ms, of ${rounds}\n`,
  )
} finally {
  await browser.close()
  await server.close()
}
