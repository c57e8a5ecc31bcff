import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { RecordedCodec } from '../../../recorder/codecs/depacketizer.ts'

/** Real media whose every frame can be told apart: pictures carry their number in black and white bars. */

export interface Picture {
  readonly data: Buffer
  readonly isKey: boolean
}

const bits = 10
export const ffmpeg = 'ffmpeg'

export interface EncodeOptions {
  readonly codec: Exclude<RecordedCodec, 'opus'>
  readonly frames: number
  readonly width?: number
  readonly height?: number
  readonly fps?: number
  /** Frames from one key frame to the next. */
  readonly keyEvery?: number
  readonly kbps?: number
  readonly firstNumber?: number
}

const encoders: Readonly<Record<EncodeOptions['codec'], readonly string[]>> = {
  vp8: ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-lag-in-frames', '0', '-auto-alt-ref', '0', '-f', 'ivf'],
  vp9: ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-lag-in-frames', '0', '-auto-alt-ref', '0', '-f', 'ivf'],
  h264: ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline', '-x264-params', 'aud=1:scenecut=0:slices=1', '-f', 'h264'],
  av1: ['-c:v', 'libaom-av1', '-usage', 'realtime', '-cpu-used', '8', '-lag-in-frames', '0', '-f', 'ivf'],
} // prettier-ignore

/** Encodes numbered pictures with FFmpeg. */
export async function encodePictures(options: EncodeOptions): Promise<Picture[]> {
  const {
    codec,
    frames,
    width = 320,
    height = 240,
    fps = 25,
    keyEvery = 1000,
    kbps = 500,
    firstNumber = 0,
  } = options
  const raw = [
    '-f',
    'rawvideo',
    '-pix_fmt',
    'yuv420p',
    '-s',
    `${width}x${height}`,
    '-r',
    String(fps),
    '-i',
    'pipe:0',
  ]
  const rate = ['-b:v', `${kbps}k`, '-g', String(keyEvery), '-keyint_min', String(keyEvery)]
  const program = spawn(ffmpeg, ['-v', 'error', ...raw, ...rate, ...encoders[codec], 'pipe:1'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const parts: Buffer[] = []
  program.stdout.on('data', (part: Buffer) => parts.push(part))
  const ended = once(program, 'close')
  for (let number = 0; number < frames; number++) {
    if (!program.stdin.write(numberedPicture(firstNumber + number, width, height)))
      await once(program.stdin, 'drain')
  }
  program.stdin.end()
  await ended
  const bytes = Buffer.concat(parts)
  return codec === 'h264' ? accessUnits(bytes) : ivfFrames(bytes, codec)
}

/** Bars for the bits of the number, most significant first, over some structure that moves so that frames have a size. */
function numberedPicture(number: number, width: number, height: number): Buffer {
  const picture = Buffer.alloc((width * height * 3) / 2, 128)
  const bars = Buffer.from(
    Array.from({ length: width }, (_, x) =>
      (number >> (bits - 1 - Math.floor((x * bits) / width))) & 1 ? 220 : 36,
    ),
  )
  const texture = Buffer.from(Array.from({ length: width * 2 }, (_, x) => 64 + ((x * x * 7) & 127)))
  for (let y = 0; y < height; y++) {
    const shift = (y + number * 3) % width
    const row = y < height / 2 ? bars : texture.subarray(shift, shift + width)
    row.copy(picture, y * width)
  }
  return picture
}

/** The pictures of a recorded file: number and time. */
export async function decodePictures(
  path: string,
  extra: readonly string[] = [],
): Promise<{ number: number; timeMs: number }[]> {
  const times = await run('ffprobe', [
    '-v',
    'error',
    ...extra,
    '-show_entries',
    'frame=pts_time',
    '-of',
    'csv=p=0',
    path,
  ])
  const timeList = times
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => Math.round(Number.parseFloat(line) * 1000))
  const filter = [
    '-vsync',
    '0',
    '-vf',
    `scale=${bits * 8}:8:flags=area`,
    '-pix_fmt',
    'gray',
    '-f',
    'rawvideo',
    'pipe:1',
  ]
  const gray = await run(ffmpeg, ['-v', 'error', ...extra, '-i', path, ...filter])
  const size = bits * 8 * 8
  return timeList.map((timeMs, place) => {
    let number = 0
    for (let bar = 0; bar < bits; bar++)
      number = number * 2 + (gray[place * size + 8 * bits + bar * 8 + 4]! > 128 ? 1 : 0)
    return { number, timeMs }
  })
}

/** Packets of 20 ms: a tone for the first 100 ms of each second, silence otherwise. */
export async function encodeBeeps(seconds: number): Promise<Buffer[]> {
  const source = `aevalsrc='0.5*sin(2*PI*880*t)*lt(mod(t,1),0.1)':s=48000:c=stereo:d=${seconds}`
  const codec = [
    '-c:a',
    'libopus',
    '-b:a',
    '32k',
    '-frame_duration',
    '20',
    '-page_duration',
    '20000',
    '-f',
    'ogg',
  ]
  return oggPackets(await run(ffmpeg, ['-v', 'error', '-f', 'lavfi', '-i', source, ...codec, 'pipe:1']))
}

/** Where tones begin in a file, in milliseconds. */
export async function findBeeps(path: string): Promise<number[]> {
  const filter = ['-af', 'aresample=async=1:first_pts=0', '-ac', '1', '-ar', '48000', '-f', 's16le', 'pipe:1']
  const sound = await run(ffmpeg, ['-v', 'error', '-i', path, ...filter])
  const onsets: number[] = []
  let quietSince = -48_000
  for (let at = 0; at < sound.length / 2; at++) {
    if (Math.abs(sound.readInt16LE(at * 2)) < 3000) continue
    if (at - quietSince > 24_000) onsets.push(at / 48)
    quietSince = at
  }
  return onsets
}

/** What a program writes; what it complains of is in the error if it fails. */
export async function run(program: string, args: readonly string[]): Promise<Buffer> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const parts: Buffer[] = []
  let complaints = ''
  child.stdout.on('data', (part: Buffer) => parts.push(part))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${complaints}`)
  return Buffer.concat(parts)
}

function ivfFrames(bytes: Buffer, codec: 'vp8' | 'vp9' | 'av1'): Picture[] {
  const frames: Picture[] = []
  for (let at = 32; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32LE(at)
    const data = bytes.subarray(at + 12, at + 12 + length)
    frames.push({ data, isKey: isKey(codec, data) })
    at += 12 + length
  }
  return frames
}

function isKey(codec: 'vp8' | 'vp9' | 'av1', data: Buffer): boolean {
  if (codec === 'vp8') return (data[0]! & 1) === 0
  if (codec === 'vp9') return (data[0]! & 0x0c) === 0
  // After the delimiter, a sequence header.
  return ((data[2]! >> 3) & 15) === 1
}

function accessUnits(bytes: Buffer): Picture[] {
  const units: Buffer[] = []
  for (let start = bytes.indexOf('000001', 0, 'hex'); start >= 0;) {
    const next = bytes.indexOf('000001', start + 3, 'hex')
    let end = next < 0 ? bytes.length : next
    while (end > start && bytes[end - 1] === 0) end--
    units.push(bytes.subarray(start + 3, end))
    start = next
  }
  const pictures: Buffer[][] = []
  for (const unit of units) {
    if ((unit[0]! & 31) === 9) pictures.push([])
    else pictures.at(-1)!.push(unit)
  }
  return pictures.map((list) => ({
    data: Buffer.concat(list.flatMap((unit) => [Buffer.from([0, 0, 0, 1]), unit])),
    isKey: list.some((unit) => (unit[0]! & 31) === 5),
  }))
}

function oggPackets(bytes: Buffer): Buffer[] {
  const packets: Buffer[] = []
  for (let at = 0; at + 27 <= bytes.length;) {
    const segments = bytes[at + 26]!
    let length = 0
    let start = at + 27 + segments
    for (let segment = 0; segment < segments; segment++) {
      const size = bytes[at + 27 + segment]!
      length += size
      if (size === 255) continue
      packets.push(bytes.subarray(start, start + length))
      start += length
      length = 0
    }
    at = start + length
  }
  return packets.slice(2)
}
