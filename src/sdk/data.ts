import type { types } from 'mediasoup-client'
import type { Connection } from './connection.ts'
import { SluiceError } from './errors.ts'

/** Sending waits above this many unsent bytes until half of them are gone. */
const highWater = 1024 * 1024

/** The data channels this client sends on: one for each topic and reliability, opened once. */
export class DataSender {
  readonly #connection: Connection
  readonly #channels = new Map<string, Promise<types.DataProducer>>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  open(topic: string, reliable: boolean): Promise<types.DataProducer> {
    const key = `${reliable ? 'reliable' : 'lossy'} ${topic}`
    const known = this.#channels.get(key)
    if (known) return known
    const made = this.#make(topic, reliable)
    this.#channels.set(key, made)
    const forget = (): void => {
      if (this.#channels.get(key) === made) this.#channels.delete(key)
    }
    made.then((channel) => channel.observer.once('close', forget), forget)
    return made
  }

  /** A channel was closed on the server. */
  stopped(dataProducerId: string): void {
    for (const made of this.#channels.values()) {
      made.then(
        (channel) => {
          if (channel.id === dataProducerId) channel.close()
        },
        () => {},
      )
    }
  }

  async send(payload: string | Uint8Array, topic: string, reliable: boolean): Promise<void> {
    const channel = await this.open(topic, reliable)
    const max = this.#connection.send.getDataChannelMaxMessageSize()
    const size = typeof payload === 'string' ? new TextEncoder().encode(payload).length : payload.byteLength
    if (max !== undefined && max > 0 && size > max) {
      throw new SluiceError('data-too-large', 'The message is too large for a data channel.', {
        data: { size, max },
      })
    }
    if (channel.bufferedAmount > highWater) {
      channel.bufferedAmountLowThreshold = highWater / 2
      await next(channel, 'bufferedamountlow')
    }
    channel.send(payload)
  }

  async #make(topic: string, reliable: boolean): Promise<types.DataProducer> {
    const channel = await this.#connection.send.produceData({
      label: topic,
      ...(reliable ? { ordered: true } : { ordered: false, maxRetransmits: 0 }),
    })
    if (channel.readyState !== 'open') await next(channel, 'open')
    return channel
  }
}

/** The next such event, or a rejection if the channel closes first. */
function next(channel: types.DataProducer, event: 'open' | 'bufferedamountlow'): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      channel.off(event, done)
      channel.observer.off('close', closed)
    }
    const done = (): void => {
      settle()
      resolve()
    }
    const closed = (): void => {
      settle()
      reject(new SluiceError('connection-lost', 'The data channel was closed.'))
    }
    if (channel.closed) return closed()
    channel.on(event, done)
    channel.observer.on('close', closed)
  })
}
