import type { types } from 'mediasoup'
import type { Log } from '../lib/log.ts'
import type { PeerProducer } from './peer.ts'
import type { Tell } from './room.ts'

/** Level below which sound is silence, in dBov; mediasoup-demo's value. */
const silenceDbov = -80
/** How many of the loudest are told by `speakingPeers`; mediasoup-demo's value. */
const loudestPeers = 10

export interface SpeakersOptions {
  readonly router: types.Router
  /** Between two `speakingPeers`. */
  readonly intervalMs: number
  readonly log: Log
}

/** Listens to the voices of a room and tells who speaks. */
export class Speakers {
  readonly #audioLevels: types.AudioLevelObserver
  readonly #activeSpeaker: types.ActiveSpeakerObserver
  readonly #log: Log

  static async create({ router, intervalMs, log }: SpeakersOptions): Promise<Speakers> {
    const [audioLevels, activeSpeaker] = await Promise.all([
      router.createAudioLevelObserver({
        maxEntries: loudestPeers,
        threshold: silenceDbov,
        interval: intervalMs,
      }),
      router.createActiveSpeakerObserver(),
    ])
    return new Speakers({ audioLevels, activeSpeaker, log })
  }

  private constructor(parts: {
    audioLevels: types.AudioLevelObserver
    activeSpeaker: types.ActiveSpeakerObserver
    log: Log
  }) {
    this.#audioLevels = parts.audioLevels
    this.#activeSpeaker = parts.activeSpeaker
    this.#log = parts.log
  }

  hear(producer: PeerProducer): void {
    for (const observer of [this.#audioLevels, this.#activeSpeaker]) {
      observer.addProducer({ producerId: producer.id }).catch((error: unknown) => {
        if (!producer.closed)
          this.#log.warn({ err: error, producerId: producer.id }, 'producer is not being heard')
      })
    }
  }

  listen(tell: Tell): void {
    this.#audioLevels.on('volumes', (volumes) => {
      const peerVolumes = volumes.map(({ producer, volume }) => ({
        peerId: (producer as PeerProducer).appData.peerId,
        volume,
      }))
      tell('speakingPeers', { peerVolumes })
    })
    this.#audioLevels.on('silence', () => {
      tell('speakingPeers', { peerVolumes: [] })
      tell('activeSpeaker', {})
    })
    this.#activeSpeaker.on('dominantspeaker', ({ producer }) => {
      tell('activeSpeaker', { peerId: (producer as PeerProducer).appData.peerId })
    })
  }
}
