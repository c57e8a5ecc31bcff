// Pictures of every state of the gallery, for looking at them, with `vite` running:
// node checks/shoot.mjs <folder> [part of a name | names with commas]; SIZES and THEMES choose, too.
import { launch, openState, phones, sizes, states } from './states.mjs'

const [out = 'shots', filter = ''] = process.argv.slice(2)
const only = (process.env.SIZES ?? Object.keys(sizes).join(',')).split(',')
const themes = (process.env.THEMES ?? 'light,dark').split(',')
const browser = await launch()
for (const size of only) {
  const [width, height] = sizes[size]
  const context = await browser.newContext({ viewport: { width, height }, hasTouch: phones.includes(size) })
  for (const theme of themes) {
    for (const [name, state] of Object.entries(states)) {
      if (!name.includes(filter) && !filter.split(',').includes(name)) continue
      const page = await context.newPage()
      page.on('pageerror', (error) => console.log(name, size, error.message))
      page.on('console', (message) => message.type() === 'error' && console.log(name, size, message.text()))
      await openState(page, state, theme)
      await page.screenshot({ path: `${out}/${name}.${size}.${theme}.png` })
      await page.close()
    }
  }
  await context.close()
}
await browser.close()
