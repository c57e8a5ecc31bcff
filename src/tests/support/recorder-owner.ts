// A process that owns a recorder and records one VP8 consumer, as a server does: for tests that kill it.
import { Recorder } from '../../../recorder/recorder.ts'
import { createLog } from '../../lib/log.ts'

const [folder = '', fromPort = '', payloadType = ''] = process.argv.slice(2)
const recorder = await Recorder.create({
  log: createLog({ level: 'silent', pretty: false }),
  onEnded: () => undefined,
  onDied: () => undefined,
})
await recorder.start({ recordingId: 'owned', folder, minFreeBytes: 0 })
const { port } = await recorder.addTap({
  recordingId: 'owned',
  trackId: 'ana-camera',
  participantId: 'ana',
  displayName: 'Ana',
  source: 'camera',
  mimeType: 'video/VP8',
  clockRate: 90_000,
  payloadType: Number(payloadType),
  from: { ip: '127.0.0.1', port: Number(fromPort) },
})
process.stdout.write(`${JSON.stringify({ port, pid: recorder.pid })}\n`)
