// The picture of the project's README: four people in a real room. With a server running:
// node checks/readme-picture.mjs http://127.0.0.1:4443 docs/room.png   (Node 22.18 or newer, it reads portrait.ts)
/* global window, document, navigator, MediaStream, AudioContext, performance, paintPortrait */
import { paintPortrait as portrait } from '../fixtures/portrait.ts'
import { launch } from './states.mjs'

const [base = 'http://127.0.0.1:4443', out = 'room.png'] = process.argv.slice(2)
const people = [
  { name: 'Mara Lindqvist', seed: 1 },
  { name: 'Imani Okafor', seed: 2, speaks: true },
  { name: 'Jonas Weber', seed: 0 },
  { name: 'Chloé Laurent', seed: 5 },
]
const browser = await launch()
const pages = []
for (const { name, seed, speaks } of people) {
  const context = await browser.newContext({
    viewport: { width: 1360, height: 800 },
    permissions: ['camera', 'microphone'],
    colorScheme: 'light',
  })
  await context.addInitScript(`${portrait}; window.paintPortrait = paintPortrait`)
  await context.addInitScript(capture, { seed, speaks: speaks === true })
  const page = await context.newPage()
  await page.goto(`${base}/r/calm-river-otter`)
  await page.getByTestId('name-input').fill(name)
  await page.waitForTimeout(800)
  await page.getByTestId('join-button').click()
  await page.getByTestId('leave').waitFor()
  pages.push(page)
}
const [mara, imani, , chloe] = pages
const say = async (page, text) => {
  if (!(await page.getByTestId('chat-input').count())) await page.getByTestId('chat-toggle').click()
  await page.getByTestId('chat-input').fill(text)
  await page.keyboard.press('Enter')
  await page.waitForTimeout(400)
}
await say(imani, 'Good morning! The agenda: https://example.org/week-47')
await say(chloe, 'Thanks, reading it now.')
await say(mara, 'I can start with the pump station.')
await mara.waitForFunction(() => document.querySelectorAll('[data-testid=tile] video').length === 4)
await mara.waitForTimeout(9000)
await mara.evaluate(() => document.activeElement.blur())
await mara.mouse.move(700, 790)
await mara.screenshot({ path: out })
await browser.close()

function capture({ seed, speaks }) {
  navigator.mediaDevices.getUserMedia = async ({ audio, video }) => {
    const stream = new MediaStream()
    if (video) {
      const canvas = document.createElement('canvas')
      canvas.width = 1280
      canvas.height = 720
      const draw = () => paintPortrait(canvas.getContext('2d'), 1280, 720, seed, performance.now())
      draw()
      window.setInterval(draw, 100)
      stream.addTrack(canvas.captureStream(10).getVideoTracks()[0])
    }
    if (audio) {
      const context = new AudioContext()
      const output = context.createMediaStreamDestination()
      if (speaks) {
        const voice = context.createOscillator()
        voice.frequency.value = 180
        voice.connect(output)
        voice.start()
      }
      stream.addTrack(output.stream.getAudioTracks()[0])
    }
    return stream
  }
}
