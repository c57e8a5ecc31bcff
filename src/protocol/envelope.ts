/**
 * protoo's envelope: three kinds of JSON objects, told apart by a truthy marker. Ids are chosen by the sender, each side
 * having its own. See the protocol document for the exact fields.
 */

export interface RequestMessage {
  readonly kind: 'request'
  readonly id: number
  readonly method: string
  readonly data: unknown
}

export interface ResponseMessage {
  readonly kind: 'response'
  readonly id: number
  readonly ok: boolean
  readonly data: unknown
  readonly errorCode: number | undefined
  readonly errorReason: string | undefined
}

export interface NotificationMessage {
  readonly kind: 'notification'
  readonly method: string
  readonly data: unknown
}

/** What arrived but is no message: `id` is there when it was at least a request that can be answered. */
export interface Unreadable {
  readonly kind: 'unreadable'
  readonly id: number | undefined
  readonly why: string
}

export type Message = RequestMessage | ResponseMessage | NotificationMessage | Unreadable

/** Longest method name worth looking at, so that an error can repeat it. */
const maxMethodLength = 128

export function parseMessage(text: string): Message {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { kind: 'unreadable', id: undefined, why: 'This is not JSON.' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { kind: 'unreadable', id: undefined, why: 'A message is a JSON object.' }
  }
  const raw = value as Record<string, unknown>
  const id = Number.isSafeInteger(raw['id']) && (raw['id'] as number) >= 0 ? (raw['id'] as number) : undefined
  const data = raw['data'] || {}

  if (raw['response']) {
    if (id === undefined) return { kind: 'unreadable', id, why: 'A response needs a whole number as id.' }
    const { errorCode, errorReason } = raw
    return {
      kind: 'response',
      id,
      ok: Boolean(raw['ok']),
      data,
      errorCode: typeof errorCode === 'number' ? errorCode : undefined,
      errorReason: typeof errorReason === 'string' ? errorReason.slice(0, 512) : undefined,
    }
  }

  if (!raw['request'] && !raw['notification']) {
    return {
      kind: 'unreadable',
      id: undefined,
      why: 'A message has request, response or notification set to true.',
    }
  }
  const method = raw['method']
  const isMethod = typeof method === 'string' && method.length > 0 && method.length <= maxMethodLength
  if (raw['request']) {
    if (id === undefined) return { kind: 'unreadable', id, why: 'A request needs a whole number as id.' }
    if (!isMethod) return { kind: 'unreadable', id, why: 'A request needs a method.' }
    return { kind: 'request', id, method, data }
  }
  if (!isMethod) return { kind: 'unreadable', id: undefined, why: 'A notification needs a method.' }
  return { kind: 'notification', method, data }
}

export function requestText(id: number, method: string, data: object): string {
  return JSON.stringify({ request: true, id, method, data })
}

export function responseText(id: number, data: object): string {
  return JSON.stringify({ response: true, id, ok: true, data })
}

/** `code` and `data` are ours: protoo-client shows `errorCode` and `errorReason`, our SDK all four. */
export function errorText(
  id: number,
  error: {
    readonly status: number
    readonly message: string
    readonly code: string
    readonly data: object | undefined
  },
): string {
  const { status, message, code, data } = error
  return JSON.stringify({
    response: true,
    id,
    ok: false,
    errorCode: status,
    errorReason: message,
    code,
    data,
  })
}

export function notificationText(method: string, data: object): string {
  return JSON.stringify({ notification: true, method, data })
}
