/**
 * The one error class of Sluice. An `AppError` is something a client may be told; any other error is ours and goes out
 * as `internal` (see `toClientError`). HTTP and WebSocket each translate it in one place.
 */

interface CodeFacts {
  /** HTTP status, and the numeric `errorCode` of a protoo error response. */
  readonly status: number
  /** What it means and what the client should do: goes into the documents as it is. */
  readonly about: string
}

export const errorCodes = {
  'bad-request': {
    status: 400,
    about: 'The message does not fit its schema; `data.path` says where. Mend the client.',
  },
  'invalid-media': {
    status: 400,
    about:
      'The media parameters are well-formed but mediasoup cannot use them (codec, SSRC or MID in conflict). Mend the client.',
  },
  'too-large': { status: 413, about: 'The body of an HTTP request is larger than the server takes.' },
  unauthorized: {
    status: 401,
    about:
      'A valid token is missing; `data.why` says what is wrong with the one there was. Get another and connect again.',
  },
  forbidden: {
    status: 403,
    about:
      'This client may not do that. `data.why` says `policy` where the room’s policy is the reason, not a grant.',
  },
  'not-found': {
    status: 404,
    about:
      'There is no such thing in reach of this client: a peer or a transport, a meeting or an account. Ids of what belongs to others answer the same.',
  },
  'unknown-method': { status: 404, about: 'The server does not know this method.' },
  'not-joined': { status: 409, about: 'Send `join` first.' },
  'already-joined': { status: 409, about: 'This session has joined already.' },
  conflict: {
    status: 409,
    about: 'The object is not in a state that allows this, such as connecting a transport twice.',
  },
  'precondition-failed': {
    status: 412,
    about:
      'The object has changed since the version that If-Match names; `data.version` is the present one. Get it again, then repeat the change.',
  },
  'out-of-range': {
    status: 416,
    about: 'The part of a file that `Range` asks for is not in it; `Content-Range` says how long it is.',
  },
  'second-factor-needed': {
    status: 401,
    about: 'The password is right, and this account has a second factor. Log in again with `code`.',
  },
  'room-locked': { status: 403, about: 'The room is locked: nobody new is let in.' },
  banned: { status: 403, about: 'A moderator of this room does not let this client in again.' },
  'peer-id-taken': {
    status: 409,
    about: 'Another session holds this peer id and this client has not proven that it is the same one.',
  },
  'limit-exceeded': {
    status: 429,
    about: 'A configured limit is reached; `data.limit` names it and `data.max` is its value.',
  },
  'rate-limited': {
    status: 429,
    about:
      'Too many messages or requests. Over HTTP `Retry-After` says when to try again; `data` is as for `limit-exceeded`.',
  },
  'not-supported': {
    status: 501,
    about: 'This server does not offer that, on purpose (network throttling, bots).',
  },
  unavailable: {
    status: 503,
    about:
      'No media worker can take this now, the database does not answer, or the server is closing. Try again in a few seconds.',
  },
  timeout: { status: 504, about: 'Something took too long. Try again.' },
  internal: { status: 500, about: 'A fault of the server. `data.requestId` finds it in the log.' },
} as const satisfies Record<string, CodeFacts>

export type ErrorCode = keyof typeof errorCodes
export type ErrorData = Readonly<Record<string, string | number | boolean>>

export class AppError extends Error {
  readonly code: ErrorCode
  readonly data: ErrorData | undefined

  constructor(code: ErrorCode, message: string, data?: ErrorData) {
    super(message)
    this.name = 'AppError'
    this.code = code
    this.data = data
  }

  get status(): number {
    return errorCodes[this.code].status
  }
}

/** What a client is told of any thrown thing. Whoever calls it logs an `internal` one together with the request id. */
export function toClientError(thrown: unknown, requestId: string): AppError {
  if (thrown instanceof AppError) return thrown
  return new AppError('internal', 'The server could not do this.', { requestId })
}

/** Throws `precondition-failed` when an object has changed since the version a client saw; undefined: it did not say. */
export function assertVersion(seen: number | undefined, present: number): void {
  if (seen === undefined || seen === present) return
  throw new AppError('precondition-failed', 'Somebody has changed this meanwhile. Get it again.', {
    version: present,
  })
}

/** The error for a reached limit. `limit` is the setting's name below `limits`. */
export function limitExceeded(limit: string, max: number): AppError {
  return new AppError('limit-exceeded', `The limit ${limit} (${max}) is reached.`, { limit, max })
}
