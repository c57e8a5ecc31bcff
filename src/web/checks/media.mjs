/* global document, paintPortrait */
// Makes the recording that the gallery plays, with FFmpeg: four people who move a little, with its pictures. Once; it stays in
// fixtures/media, which git does not keep.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { paintPortrait as portrait } from '../fixtures/portrait.ts'

const folder = join(import.meta.dirname, '..', 'fixtures', 'media')
const frames = 24
const seconds = 180
const every = 10

export async function makeMedia(browser) {
  if (existsSync(join(folder, 'demo.mp4'))) return
  mkdirSync(folder, { recursive: true })
  const page = await browser.newPage({ viewport: { width: 640, height: 360 } })
  await page.setContent('<style>body{margin:0}</style><canvas width="640" height="360"></canvas>')
  await page.addScriptTag({ content: `${portrait}; window.paintPortrait = paintPortrait` })
  for (let i = 0; i < frames; i++) {
    await page.evaluate(paint, (i / frames) * Math.PI * 2 * 1100)
    await page.screenshot({ path: join(folder, `frame${i}.png`) })
  }
  await page.close()
  const ffmpeg = (...args) =>
    execFileSync(process.env.FFMPEG_PATH ?? 'ffmpeg', ['-v', 'error', '-y', ...args])
  const [width, height, columns] = [160, 90, 5]
  const at = (name) => join(folder, name)
  const pictures = ['-stream_loop', '-1', '-framerate', '4', '-i', at('frame%d.png')]
  const sound = ['-f', 'lavfi', '-i', 'sine=220:sample_rate=48000', '-af', 'volume=0.05']
  const encoding = [
    '-c:v',
    'libx264',
    '-crf',
    '32',
    '-g',
    '8',
    '-pix_fmt',
    'yuv420p',
    '-c:a',
    'aac',
    '-b:a',
    '24k',
  ]
  ffmpeg(...pictures, ...sound, '-t', String(seconds), ...encoding, '-movflags', '+faststart', at('demo.mp4'))
  ffmpeg('-i', at('demo.mp4'), '-vn', '-c:a', 'copy', at('demo.m4a'))
  ffmpeg('-i', at('demo.mp4'), '-frames:v', '1', at('demo.jpg'))
  const hours = ['-f', 'lavfi', '-i', 'color=0x16181b:size=640x360:rate=1', '-t', '10800']
  ffmpeg(...hours, '-c:v', 'libx264', '-g', '60', '-pix_fmt', 'yuv420p', at('long.mp4'))
  const rows = Math.ceil(seconds / every / columns)
  const filter = `fps=1/${every},scale=${width}:${height},tile=${columns}x${rows}`
  ffmpeg('-i', at('demo.mp4'), '-vf', filter, '-frames:v', '1', at('preview.jpg'))
  writeFileSync(at('preview.vtt'), index({ width, height, columns }))
  for (let i = 0; i < frames; i++) rmSync(at(`frame${i}.png`))
}

function index({ width, height, columns }) {
  const clock = (at) =>
    `00:${String(Math.floor(at / 60)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}.000`
  const cues = Array.from({ length: seconds / every }, (_, i) => {
    const place = [(i % columns) * width, Math.floor(i / columns) * height, width, height]
    return `${clock(i * every)} --> ${clock((i + 1) * every)}\npreview.jpg#xywh=${place.join(',')}\n`
  })
  return `WEBVTT\n\n${cues.join('\n')}`
}

function paint(time) {
  const context = document.querySelector('canvas').getContext('2d')
  context.fillStyle = '#16181b'
  context.fillRect(0, 0, 640, 360)
  for (const [i, seed] of [1, 2, 0, 5].entries()) {
    context.save()
    context.translate(4 + (i % 2) * 318, 4 + Math.floor(i / 2) * 178)
    context.beginPath()
    context.rect(0, 0, 314, 174)
    context.clip()
    paintPortrait(context, 314, 174, seed, time)
    context.restore()
  }
}
