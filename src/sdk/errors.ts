import type { ErrorCode as WireErrorCode } from '../lib/app-error.ts'

/** Codes of errors that the server answers. */
export type ServerErrorCode =
  | 'bad-request'
  | 'invalid-media'
  | 'too-large'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'unknown-method'
  | 'not-joined'
  | 'already-joined'
  | 'conflict'
  | 'precondition-failed'
  | 'out-of-range'
  | 'second-factor-needed'
  | 'room-locked'
  | 'banned'
  | 'peer-id-taken'
  | 'limit-exceeded'
  | 'rate-limited'
  | 'not-supported'
  | 'unavailable'
  | 'timeout'
  | 'internal'

/** Codes of errors that arise in the browser. */
export type ClientErrorCode =
  /** The person, the browser or the operating system did not allow camera, microphone or screen. */
  | 'permission-denied'
  /** There is no such camera, microphone or speaker. */
  | 'device-not-found'
  /** The device is there but another program holds it, or it does not start. */
  | 'device-in-use'
  /** The device cannot do what was asked (resolution, frame rate). */
  | 'device-unsuitable'
  /** Camera and microphone need a page served over HTTPS (or localhost). */
  | 'insecure-context'
  /** This browser lacks WebRTC or what is needed of it. */
  | 'unsupported-browser'
  /** No WebSocket to the server could be opened. */
  | 'server-unreachable'
  /** The connection broke and could not be restored in time. */
  | 'connection-lost'
  /** The server ended the session; see {@link SluiceError.data} `reason`. */
  | 'session-ended'
  /** The room is not connected. */
  | 'not-connected'
  /** Something else ended this first, such as `disconnect()`, or the person closed the picker. */
  | 'cancelled'
  /** Sending or receiving a track failed in the browser. */
  | 'media-failed'
  /** The payload exceeds what a data channel takes in one message. */
  | 'data-too-large'
  /** A wrong argument. */
  | 'invalid-argument'

export type SluiceErrorCode = ServerErrorCode | ClientErrorCode

export type SluiceErrorData = Readonly<Record<string, string | number | boolean>>

/** Every error of this package. `code` is for programs, `message` can be shown to people. */
export class SluiceError extends Error {
  readonly code: SluiceErrorCode
  /** Details, such as `{ limit: 'peersPerRoom', max: 50 }` of `limit-exceeded`. */
  readonly data: SluiceErrorData | undefined

  constructor(
    code: SluiceErrorCode,
    message: string,
    options: { data?: SluiceErrorData | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'SluiceError'
    this.code = code
    this.data = options.data
  }
}

// A code added to the server's list must be added above: this line does not compile otherwise.
const everyServerCode: (code: WireErrorCode) => ServerErrorCode = (code) => code
void everyServerCode
