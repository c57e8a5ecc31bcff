import type { types } from 'mediasoup'
import { AppError } from '../lib/app-error.ts'
import { whileOpen } from './media-error.ts'
import type { BotData, BotDataProducer, Peer, PeerTransport } from './peer.ts'
import type { Subscriptions } from './subscriptions.ts'

export interface BotOptions {
  readonly router: types.Router
  readonly subscriptions: Subscriptions
}

/**
 * The server's own voice in a room, as in mediasoup-demo: its web app shows what comes on a data channel that is labelled `bot`, and is
 * nobody's, as a message. For clients that cannot be told in another way. One for each room; nothing is made before it speaks.
 */
export class Bot {
  readonly #options: BotOptions
  #making: Promise<BotDataProducer> | undefined

  constructor(options: BotOptions) {
    this.#options = options
  }

  /**
   * Resolves when the text is on its way over a channel that the client has taken; that may last as long as the client needs to
   * connect. Throws `conflict` when it has no receiving transport, what it refuses with, `timeout` when it does not answer, `not-found`
   * when it is gone meanwhile.
   */
  async say(peer: Peer, text: string): Promise<void> {
    this.#making ??= this.#make().catch((error: unknown) => {
      this.#making = undefined
      throw error
    })
    const dataConsumer = await this.#options.subscriptions.subscribeData(peer, await this.#making)
    await whenConnected(peer.transport(dataConsumer.appData.transportId))
    await whileOpen(
      () => !dataConsumer.closed,
      () => dataConsumer.send(text),
    )
  }

  async #make(): Promise<BotDataProducer> {
    const { router } = this.#options
    return whileOpen(
      () => !router.closed,
      async () => {
        const transport = await router.createDirectTransport()
        return transport.produceData<BotData>({ label: 'bot', appData: { channel: 'bot' } })
      },
    )
  }
}

/** Rejects with `not-found` when that will not be. */
async function whenConnected(transport: PeerTransport): Promise<void> {
  if (transport.sctpState === 'connected') return
  await new Promise<void>((resolve, reject) => {
    const settle = (): void => {
      const isOver = transport.closed || transport.sctpState === 'failed' || transport.sctpState === 'closed'
      if (!isOver && transport.sctpState !== 'connected') return
      transport.off('sctpstatechange', settle)
      transport.observer.off('close', settle)
      if (isOver) reject(new AppError('not-found', 'The data channels of this client are gone.'))
      else resolve()
    }
    transport.on('sctpstatechange', settle)
    transport.observer.on('close', settle)
    settle()
  })
}
