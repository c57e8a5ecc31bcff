import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { join } from 'node:path'
import { Recorder } from '../../../recorder/recorder.ts'
import { cameraTap } from './camera-tap.ts'
import { silent } from './databases.ts'
import { encodeBeeps, encodePictures } from './recorder-media.ts'
import { payloadsOf, rtpPacket } from './recorder-packets.ts'
import { atPace } from './at-pace.ts'

/** How it went. killed: in the middle of it, so that the folder is as a crash of the recorder leaves it. */
const fixtures = ['stopped', 'killed', 'nothing-sent'] as const
export type Fixture = (typeof fixtures)[number]

/** Each of them once, below a folder: where they are. */
export async function recordFixtures(root: string): Promise<Record<Fixture, string>> {
  const made = fixtures.map(async (how) => [how, await recordFolder(join(root, how), how)] as const)
  return Object.fromEntries(await Promise.all(made)) as Record<Fixture, string>
}

/** Two seconds of somebody's picture and sound, recorded with the real recorder. */
export async function recordFolder(folder: string, how: Fixture): Promise<string> {
  const recorder = await Recorder.create({ log: silent, onEnded: () => undefined, onDied: () => undefined })
  const socket = createSocket('udp4')
  try {
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const recordingId = 'rec_fixture'
    await recorder.start({ recordingId, folder, minFreeBytes: 0 })
    const ofCamera = cameraTap(recordingId, { fromPort: socket.address().port })
    const camera = await recorder.addTap(ofCamera)
    const microphone = await recorder.addTap({
      ...ofCamera,
      trackId: 't2',
      source: 'microphone',
      mimeType: 'audio/opus',
      clockRate: 48_000,
      payloadType: 100,
    })
    if (how !== 'nothing-sent')
      await sendRecorded(socket, { camera: camera.port, microphone: microphone.port })
    if (how === 'killed') process.kill(recorder.pid!, 'SIGKILL')
    else await recorder.stop({ recordingId, reason: 'stopped' })
    return folder
  } finally {
    socket.close()
    await recorder.close()
  }
}

/** Two seconds of VP8 (payload type 101) and Opus (100), at their pace. */
export async function sendRecorded(
  socket: Socket,
  ports: { camera: number; microphone?: number },
): Promise<void> {
  const [pictures, sounds] = await Promise.all([
    encodePictures({ codec: 'vp8', frames: 50, kbps: 200 }),
    encodeBeeps(2),
  ])
  let sequence = 0
  const sendPictures = atPace(pictures.length, 40, (place) => {
    const payloads = payloadsOf('vp8', pictures[place]!.data, {
      isKey: pictures[place]!.isKey,
      pictureId: place,
    })
    payloads.forEach((payload, part) => {
      const marker = part === payloads.length - 1
      const head = { payloadType: 101, sequence: sequence++, timestamp: place * 3600, ssrc: 1, marker }
      socket.send(rtpPacket(head, payload), ports.camera, '127.0.0.1')
    })
  })
  const sendSounds = atPace(sounds.length, 20, (place) => {
    const head = { payloadType: 100, sequence: place, timestamp: place * 960, ssrc: 2, marker: false }
    if (ports.microphone) socket.send(rtpPacket(head, sounds[place]!), ports.microphone, '127.0.0.1')
  })
  await Promise.all([sendPictures, sendSounds])
}
