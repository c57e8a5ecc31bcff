// A server's part that looks after recordings, as a process: for tests that kill it. Commands come over IPC.
import { cpSync } from 'node:fs'
import { loadConfig } from '../../../config/load.ts'
import { Recorder } from '../../../recorder/recorder.ts'
import { openDatabase } from '../../db/database.ts'
import { createLog } from '../../lib/log.ts'
import { openRecordings } from '../../recordings/open-recordings.ts'
import { cameraTap } from './camera-tap.ts'

export type Command =
  /** Begins a recording with the recorder; answers with its id and the port of a tap for VP8 from this port. */
  | { readonly act: 'begin'; readonly fromPort: number }
  /** Records what is in this folder. */
  | { readonly act: 'record'; readonly fixture: string }
  | { readonly act: 'close' }

const log = createLog({ level: process.env['TEST_LOG'] ?? 'silent', pretty: false })
const { config } = loadConfig({ argv: [], env: process.env, cwd: '/' })
const { dataDir } = config
const db = await openDatabase({ url: config.database.url, dataDir, log })
const recordings = openRecordings({ db, config, log, spareCores: [] })
recordings.start()
let recorder: Recorder | undefined

const begin = () => {
  const startedBy = { kind: 'server' } as const
  return recordings.begin({ roomId: 'lobby', meetingId: undefined, startedBy, now: new Date() })
}

async function act(command: Command): Promise<object> {
  switch (command.act) {
    case 'begin': {
      const { recordingId, folder } = await begin()
      recorder ??= await Recorder.create({ log, onEnded: () => undefined, onDied: () => undefined })
      await recorder.start({ recordingId, folder, minFreeBytes: 0 })
      const { port } = await recorder.addTap(cameraTap(recordingId, { fromPort: command.fromPort }))
      return { recordingId, port }
    }
    case 'record': {
      const { recordingId, folder } = await begin()
      cpSync(command.fixture, folder, { recursive: true })
      await recordings.ended(recordingId, { reason: 'stopped', now: new Date() })
      return { recordingId }
    }
    case 'close':
      await recordings.close()
      await db.close()
      return {}
  }
}

process.on('message', (command: Command) => {
  void act(command).then((answer) => process.send!(answer))
})
process.once('disconnect', () => process.exit())
process.send!({ ready: true })
