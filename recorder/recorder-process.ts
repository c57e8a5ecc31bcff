// The recorder as a process: media is received and written here, on an event loop of its own. Started by recorder.ts.
import { setPriority } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { RecordingEndReason } from './manifest.ts'
import { whyNoRequest, type FromRecorder, type StartRecording, type ToRecorder } from './messages.ts'
import { RecorderError, toRecorderError } from './recorder-error.ts'
import { Recording } from './recording.ts'

/** Above 0 gives way to media workers and signaling. */
const niceness = 5
/** Finishing is a matter of milliseconds; a disk that hangs must not keep the process for ever. */
const finishWithinMs = 30_000

/** From when one is asked for until it has ended; other requests wait until it is there. */
const recordings = new Map<string, Promise<Recording>>()
/** Those that are there. */
const running = new Set<Recording>()
/** How often the event loop is looked at, in milliseconds. */
const pauseResolutionMs = 10
const pauses = monitorEventLoopDelay({ resolution: pauseResolutionMs })
let isEnding = false

setPriority(niceness)
pauses.enable()
process.on('message', (message: unknown) => void answer(message))
// Ctrl-C goes to the whole group: the server decides when recordings end.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => void end('server-gone'))
process.on('disconnect', () => void end('server-gone'))
// What is printed after the server has gone must not cost the files that are being finished.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
// Nobody knows what still holds after an error that nobody expected: the process ends, visibly, and files are recovered.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    console.error('the recorder ends because of', error)
    process.exit(70)
  })
}
tell({ ready: true })

async function answer(message: unknown): Promise<void> {
  const why = whyNoRequest(message)
  const { id } = (message ?? {}) as ToRecorder
  try {
    if (why !== undefined) throw new RecorderError('bad-request', why)
    tell({ id, result: await handle(message as ToRecorder) })
  } catch (error) {
    const { code, message: text } = toRecorderError(error)
    if (code === 'internal') console.error('a request to the recorder failed:', error)
    tell({ id, error: { code, message: text } })
  }
}

async function handle(message: ToRecorder): Promise<unknown> {
  switch (message.method) {
    case 'start':
      return start(message.data)
    case 'addTap':
      return { port: await (await find(message.data.recordingId)).addTap(message.data) }
    case 'updateTap':
      return (await find(message.data.recordingId)).updateTap(message.data)
    case 'removeTap':
      return (await find(message.data.recordingId)).removeTap(message.data.trackId, message.data.reason)
    case 'stop':
      return (await find(message.data.recordingId)).close(message.data.reason)
    case 'statistics': {
      const { user, system } = process.cpuUsage()
      const longestPauseMs = Math.max(0, Math.round(pauses.max / 1e6 - pauseResolutionMs))
      pauses.reset()
      return {
        cpuMs: (user + system) / 1000,
        memoryBytes: process.memoryUsage.rss(),
        longestPauseMs,
        recordings: Array.from(running, (recording) => recording.statistics),
      }
    }
  }
}

async function start(request: StartRecording): Promise<undefined> {
  const { recordingId } = request
  if (recordings.has(recordingId)) {
    throw new RecorderError('recording-exists', `there is a recording ${recordingId} already`)
  }
  const starting = Recording.create(request, (recording, reason) => {
    recordings.delete(recordingId)
    running.delete(recording)
    tell({ ended: recordingId, reason })
  })
  recordings.set(recordingId, starting)
  try {
    running.add(await starting)
  } catch (error) {
    recordings.delete(recordingId)
    throw error
  }
}

function find(recordingId: string): Promise<Recording> {
  const recording = recordings.get(recordingId)
  if (!recording) throw new RecorderError('no-recording', `there is no recording ${recordingId}`)
  return recording
}

/** Finishes what is there and goes. */
async function end(reason: RecordingEndReason): Promise<void> {
  if (isEnding) return
  isEnding = true
  setTimeout(() => process.exit(1), finishWithinMs).unref()
  await Promise.allSettled(
    Array.from(recordings.values(), async (recording) => (await recording).close(reason)),
  )
  process.exit(0)
}

function tell(message: FromRecorder): void {
  if (!process.connected) return
  // The server may go at any moment; there is nobody to tell that to.
  process.send?.(message, () => undefined)
}
