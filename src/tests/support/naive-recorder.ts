import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { types } from 'mediasoup'
import { recorderCapabilities } from '../../../recorder/open-tap.ts'
import { ffmpeg } from './recorder-media.ts'
import { until } from './until.ts'

/**
 * Recording as many servers do it: PlainTransports that send straight to an FFmpeg with an SDP. It is here to show what it
 * gets wrong, so that the tests of the recorder prove something.
 */
export class NaiveRecorder {
  readonly path: string
  readonly #child: ChildProcess
  readonly #transports: readonly types.Transport[]
  readonly #consumers: readonly types.Consumer[]
  #said = ''

  static async start(options: {
    router: types.Router
    producers: readonly types.Producer[]
    path: string
    /** An even port that is free, and some after it. */
    port: number
    arguments?: readonly string[]
  }): Promise<NaiveRecorder> {
    const { router, producers, path } = options
    const media: string[] = []
    const transports: types.Transport[] = []
    const consumers: types.Consumer[] = []
    for (const [place, producer] of producers.entries()) {
      const port = options.port + place * 2
      const transport = await router.createPlainTransport({
        listenInfo: { protocol: 'udp', ip: '127.0.0.1' },
        rtcpMux: false,
      })
      await transport.connect({ ip: '127.0.0.1', port, rtcpPort: port + 1 })
      const consumer = await transport.consume({
        producerId: producer.id,
        rtpCapabilities: recorderCapabilities(router.rtpCapabilities),
        paused: true,
      })
      const codec = consumer.rtpParameters.codecs[0]!
      const channels = codec.channels ? `/${codec.channels}` : ''
      media.push(
        `m=${consumer.kind} ${port} RTP/AVP ${codec.payloadType}`,
        `a=rtpmap:${codec.payloadType} ${codec.mimeType.split('/')[1]}/${codec.clockRate}${channels}`,
      )
      transports.push(transport)
      consumers.push(consumer)
    }
    const sdp = ['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', ...media, ''].join(
      '\n',
    )
    const input = [
      '-protocol_whitelist',
      'pipe,udp,rtp',
      ...(options.arguments ?? []),
      '-f',
      'sdp',
      '-i',
      'pipe:0',
    ]
    const child = spawn(ffmpeg, ['-v', 'warning', ...input, '-map', '0', '-c', 'copy', '-y', path], {
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    child.stdin!.end(sdp)
    const recorder = new NaiveRecorder(path, child, transports, consumers)
    await until('FFmpeg listens', () => isBound(options.port + (producers.length - 1) * 2))
    for (const consumer of consumers) await consumer.resume()
    return recorder
  }

  private constructor(
    path: string,
    child: ChildProcess,
    transports: readonly types.Transport[],
    consumers: readonly types.Consumer[],
  ) {
    this.path = path
    this.#child = child
    this.#transports = transports
    this.#consumers = consumers
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#said += text))
  }

  /** What FFmpeg complained of. */
  get said(): string {
    return this.#said
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** Ends it as one should, or at once; resolves with its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    for (const consumer of this.#consumers) consumer.close()
    for (const transport of this.#transports) transport.close()
    if (this.#child.exitCode !== null) return this.#child.exitCode
    this.#child.kill(signal)
    const [code] = (await once(this.#child, 'exit')) as [number | null]
    return code
  }
}

/** Whether somebody listens on a UDP port of 127.0.0.1 or of all addresses. */
function isBound(port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return readFileSync('/proc/net/udp', 'utf8').includes(`:${hex} `)
}
