// A process that owns a recorder and records one VP8 consumer, as a server does: for tests that kill it.
// Asked anything over IPC, it says what has come.
import { Recorder } from '../../../recorder/recorder.ts'
import { createLog } from '../../lib/log.ts'
import { cameraTap } from './camera-tap.ts'

const [folder = '', fromPort = '', payloadType = ''] = process.argv.slice(2)
const recorder = await Recorder.create({
  log: createLog({ level: 'silent', pretty: false }),
  onEnded: () => undefined,
  onDied: () => undefined,
})
await recorder.start({ recordingId: 'owned', folder, minFreeBytes: 0 })
const { port } = await recorder.addTap(
  cameraTap('owned', { fromPort: Number(fromPort), payloadType: Number(payloadType) }),
)
process.on('message', () => void recorder.statistics().then((statistics) => process.send!(statistics)))
process.send!({ port, pid: recorder.pid })
