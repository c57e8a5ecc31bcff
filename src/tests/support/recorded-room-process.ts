// A server as a process of its own, with somebody in a room that is recorded. Killed by a test; says what was sent, line by line.
import { encodePictures } from './recorder-media.ts'
import { guest, openToAll } from './people.ts'
import { recordable, sendMedia } from './room-media.ts'
import { atPace } from './at-pace.ts'
import { startServer } from './server.ts'

const [dataDir = '', frames = '250'] = process.argv.slice(2)
const pictures = await encodePictures({ codec: 'vp8', frames: Number(frames), keyEvery: 25, kbps: 1000 })
const server = await startServer({ ...openToAll, ...recordable, SLUICE_DATA_DIR: dataDir })
const ana = await guest(server, 'killed')
const camera = await sendMedia(server, 'killed', ana, { codec: 'vp8' })
const { recording } = await ana.client.request('recording.start', {})
process.stdout.write(
  `${JSON.stringify({ recordingId: recording.recordingId, recorder: server.app.liveRecordings.recorderPid })}\n`,
)
await atPace(pictures.length, 40, (place) => {
  camera.send(pictures[place]!)
  process.stdout.write(`${place}\n`)
})
