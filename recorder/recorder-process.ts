// The recorder as a process: media is received and written here, on an event loop of its own. Started by recorder.ts.
import { setPriority } from 'node:os'
import type { RecordingEndReason } from './manifest.ts'
import type { FromRecorder, ToRecorder } from './messages.ts'
import { Recording } from './recording.ts'

/** Above 0 gives way to media workers and signaling. */
const niceness = 5
/** Finishing is a matter of milliseconds; a disk that hangs must not keep the process for ever. */
const finishWithinMs = 30_000

const recordings = new Map<string, Recording>()
let isEnding = false

setPriority(niceness)
process.on('message', (message: ToRecorder) => void answer(message))
// Ctrl-C goes to the whole group: the server decides when recordings end.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => void end('server-gone'))
process.on('disconnect', () => void end('server-gone'))
tell({ ready: true })

async function answer(message: ToRecorder): Promise<void> {
  const { id } = message
  try {
    tell({ id, result: await handle(message) })
  } catch (error) {
    tell({ id, error: error instanceof Error ? error.message : String(error) })
  }
}

async function handle(message: ToRecorder): Promise<unknown> {
  switch (message.method) {
    case 'start': {
      const { recordingId } = message.data
      if (recordings.has(recordingId)) throw new Error(`there is a recording ${recordingId} already`)
      const recording = await Recording.create(message.data, (reason) => {
        recordings.delete(recordingId)
        tell({ ended: recordingId, reason })
      })
      recordings.set(recordingId, recording)
      if (isEnding) await recording.close('server-gone')
      return undefined
    }
    case 'addTap':
      return { port: await find(message.data.recordingId).addTap(message.data) }
    case 'removeTap':
      return find(message.data.recordingId).removeTap(message.data.trackId, message.data.reason)
    case 'stop':
      return find(message.data.recordingId).close(message.data.reason)
    case 'statistics': {
      const { user, system } = process.cpuUsage()
      return {
        cpuMs: (user + system) / 1000,
        memoryBytes: process.memoryUsage.rss(),
        recordings: Array.from(recordings.values(), (recording) => recording.statistics),
      }
    }
  }
}

function find(recordingId: string): Recording {
  const recording = recordings.get(recordingId)
  if (!recording) throw new Error(`there is no recording ${recordingId}`)
  return recording
}

/** Finishes what is there and goes. */
async function end(reason: RecordingEndReason): Promise<void> {
  if (isEnding) return
  isEnding = true
  setTimeout(() => process.exit(1), finishWithinMs).unref()
  await Promise.allSettled(Array.from(recordings.values(), (recording) => recording.close(reason)))
  process.exit(0)
}

function tell(message: FromRecorder): void {
  if (!process.connected) return
  // The server may go at any moment; there is nobody to tell that to.
  process.send?.(message, () => undefined)
}
