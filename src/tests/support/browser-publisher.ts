import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { types } from 'mediasoup'
import type { Page } from 'playwright-core'
import { pageScript, startBrowser } from './browser.ts'

export interface BrowserPublisher {
  readonly page: Page
  /** `video/VP9`; of sound there is only Opus. */
  publish(mimeType: string, options?: PublishChoice): Promise<types.Producer>
  close(): Promise<void>
}

export interface PublishChoice {
  readonly encodings?: readonly object[]
  /** camera: the fake devices of the browser. flashes: light and tone at the same moments. */
  readonly source?: 'camera' | 'flashes'
}

/** A browser that publishes to a router. `loss`: share of its packets that get lost on the way to it. */
export async function startBrowserPublisher(
  router: types.Router,
  options: { loss?: number } = {},
): Promise<BrowserPublisher> {
  const browser = await startBrowser()
  const page = await browser.newPage()
  await page.route('http://localhost/', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<html></html>' }),
  )
  await page.goto('http://localhost/')
  const transport = await router.createWebRtcTransport({
    listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }],
    initialAvailableOutgoingBitrate: 2_000_000,
  })
  const { id, iceParameters, dtlsParameters } = transport
  let iceCandidates: readonly types.IceCandidate[] = transport.iceCandidates
  const relay = options.loss ? await startRelay(iceCandidates[0]!.port, options.loss) : undefined
  if (relay) iceCandidates = iceCandidates.map((candidate) => ({ ...candidate, port: relay.port }))

  let producer: types.Producer
  await page.exposeFunction('connectTransport', (dtls: types.DtlsParameters) =>
    transport.connect({ dtlsParameters: dtls }),
  )
  await page.exposeFunction('produce', async (asked: types.ProducerOptions) => {
    producer = await transport.produce(asked)
    return producer.id
  })
  await page.addScriptTag({ content: await pageScript('recorder-publisher.ts') })
  return {
    page,
    publish: async (mimeType, { encodings = [{}], source = 'camera' } = {}) => {
      const asked = {
        routerRtpCapabilities: router.rtpCapabilities,
        transport: { id, iceParameters, iceCandidates, dtlsParameters },
        mimeType,
        encodings,
        source,
      }
      await page.evaluate(`publish(${JSON.stringify(asked)})`)
      return producer
    },
    close: async () => {
      await browser.close()
      transport.close()
      relay?.close()
    },
  }
}

/** A way to a port of this machine that loses packets in one direction; for one client. */
async function startRelay(to: number, loss: number): Promise<{ port: number; close(): void }> {
  const [outside, inside] = [createSocket('udp4'), createSocket('udp4')]
  for (const socket of [outside, inside]) {
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
  }
  let client: { address: string; port: number } | undefined
  outside.on('message', (bytes, { address, port }) => {
    client = { address, port }
    // The first byte of RTP and RTCP; connecting (STUN, DTLS) is not what is tested.
    const isMedia = bytes[0]! >= 128 && bytes[0]! < 192
    if (!isMedia || Math.random() >= loss) inside.send(bytes, to, '127.0.0.1')
  })
  inside.on('message', (bytes) => {
    if (client) outside.send(bytes, client.port, client.address)
  })
  return {
    port: outside.address().port,
    close: () => {
      outside.close()
      inside.close()
    },
  }
}
