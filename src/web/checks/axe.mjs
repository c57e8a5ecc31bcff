/* global window, document */
// axe-core over every state of the gallery in both themes, with `vite` running: node checks/axe.mjs [names,with,commas]
// Exit code 1 if anything serious or critical is found.
import { createRequire } from 'node:module'
import { launch, openState, phones, sizes, states } from './states.mjs'

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const browser = await launch()
const wanted = process.argv[2]?.split(',')
const found = new Map()
let checked = 0
for (const size of (process.env.SIZES ?? 'desk,phone').split(',')) {
  const [width, height] = sizes[size]
  const context = await browser.newContext({
    viewport: { width, height },
    hasTouch: phones.includes(size),
    reducedMotion: 'reduce',
  })
  for (const theme of ['light', 'dark']) {
    for (const [name, state] of Object.entries(states)) {
      if (wanted && !wanted.includes(name)) continue
      const page = await context.newPage()
      await openState(page, state, theme)
      await page.addScriptTag({ path: axe })
      const { violations } = await page.evaluate(() =>
        window.axe.run(document, { resultTypes: ['violations'] }),
      )
      checked++
      for (const { id, impact, help, nodes } of violations) {
        const key = `${impact} ${id}: ${help}`
        const entry = found.get(key) ?? { impact, where: new Set(), example: nodes[0] }
        entry.where.add(`${name}.${size}.${theme}`)
        found.set(key, entry)
      }
      await page.close()
    }
  }
  await context.close()
}
await browser.close()
for (const [key, { where, example }] of found) {
  console.log(
    `${key}\n  ${[...where].slice(0, 6).join(' ')}${where.size > 6 ? ` and ${where.size - 6} more` : ''}`,
  )
  console.log(`  ${example.html.slice(0, 160)}\n  ${example.failureSummary?.replace(/\n\s*/g, ' ')}`)
}
const bad = [...found.values()].filter(({ impact }) => impact === 'serious' || impact === 'critical')
console.log(`${checked} states checked, ${found.size} kinds of findings, ${bad.length} serious or critical`)
process.exit(bad.length > 0 ? 1 : 0)
