import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { join } from 'node:path'
import { Recorder } from '../../../recorder/recorder.ts'
import { silent } from './databases.ts'
import { encodeBeeps, encodePictures } from './recorder-media.ts'
import { payloadsOf, rtpPacket } from './recorder-packets.ts'
import { atPace } from './at-pace.ts'

/**
 * Records two seconds of somebody's picture and sound with the real recorder. killed: the recorder is killed in the middle
 * of it, so the folder is as a crash leaves it. silent: nobody sends anything.
 */
export async function recordFolder(
  folder: string,
  how: 'stopped' | 'killed' | 'nothing-sent',
): Promise<string> {
  const recorder = await Recorder.create({ log: silent, onEnded: () => undefined, onDied: () => undefined })
  const socket = createSocket('udp4')
  try {
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const recordingId = 'rec_fixture'
    await recorder.start({ recordingId, folder, minFreeBytes: 0 })
    const from = { ip: '127.0.0.1', port: socket.address().port }
    const who = { recordingId, participantId: 'ana', displayName: 'Ana', from }
    const camera = await recorder.addTap({
      ...who,
      trackId: 't1',
      source: 'camera',
      mimeType: 'video/VP8',
      clockRate: 90_000,
      payloadType: 101,
    })
    const microphone = await recorder.addTap({
      ...who,
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

export const fixtureNames = ['stopped', 'killed', 'nothing-sent'] as const
export type Fixture = (typeof fixtureNames)[number]

/** Each of them once, below a folder. */
export async function recordFixtures(root: string): Promise<Record<Fixture, string>> {
  const folders = fixtureNames.map((how) => recordFolder(join(root, how), how))
  const [stopped, killed, nothingSent] = (await Promise.all(folders)) as [string, string, string]
  return { stopped, killed, 'nothing-sent': nothingSent }
}
