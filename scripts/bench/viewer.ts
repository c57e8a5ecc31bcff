import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { types } from 'mediasoup'
import type { Person } from './crowd.ts'

/** What a viewer got. Times are those from the publisher's socket to its own. */
export interface Watched {
  /** That anything came of, ever. */
  readonly streams: number
  readonly packets: number
  readonly lostPercent: number
  /** How much the way of a packet differs from that of the one before it in the same stream, on average. */
  readonly jitterMs: number
  readonly medianMs: number
  /** Slower are one in a hundred. */
  readonly slowestMs: number
}

/** Somebody who receives everything of some people, unencrypted, and measures it. */
export class Viewer {
  readonly #thread: Worker
  readonly #transports: readonly types.PlainTransport[]

  /** Resolves when something of each stream has come. */
  static async create(router: types.Router, people: readonly Person[]): Promise<Viewer> {
    const thread = new Worker(new URL('./viewer-thread.ts', import.meta.url))
    const [port] = (await once(thread, 'message')) as [number]
    // Without congestion control: its probes are no packets of the publisher.
    const codecs = router.rtpCapabilities.codecs!.map((codec) => ({ ...codec, rtcpFeedback: [] }))
    const rtpCapabilities: types.RtpCapabilities = { codecs, headerExtensions: [] }
    const transports: types.PlainTransport[] = []
    for (const { streams } of people) {
      const transport = await router.createPlainTransport({
        listenInfo: { protocol: 'udp', ip: '127.0.0.1' },
      })
      transports.push(transport)
      await transport.connect({ ip: '127.0.0.1', port })
      for (const { producer } of streams) {
        await transport.consume({ producerId: producer.id, rtpCapabilities })
      }
    }
    const viewer = new Viewer(thread, transports)
    const wanted = people.reduce((sum, { streams }) => sum + streams.length, 0)
    while ((await viewer.#read()).streams < wanted) await delay(100)
    return viewer
  }

  private constructor(thread: Worker, transports: readonly types.PlainTransport[]) {
    this.#thread = thread
    this.#transports = transports
  }

  async watch(seconds: number): Promise<Watched> {
    await this.#read()
    await delay(seconds * 1000)
    return this.#read()
  }

  async close(): Promise<void> {
    for (const transport of this.#transports) transport.close()
    await this.#thread.terminate()
  }

  async #read(): Promise<Watched> {
    const answer = once(this.#thread, 'message')
    this.#thread.postMessage('read')
    const [watched] = (await answer) as [Watched]
    return watched
  }
}
