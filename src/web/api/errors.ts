/** What the server refused, or that it could not be reached. `code` is for programs; `explain` says it to people. */
export class ApiError extends Error {
  /** A code of the server's documents, or `unreachable`. */
  readonly code: string
  /** HTTP status; 0 when there was no answer. */
  readonly status: number
  readonly data: Readonly<Record<string, string | number | boolean>>

  constructor(
    code: string,
    message: string,
    { status, data = {} }: { status: number; data?: ApiError['data'] | undefined },
  ) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.status = status
    this.data = data
  }
}

export function isApiError(thrown: unknown, code?: string): thrown is ApiError {
  return thrown instanceof ApiError && (code === undefined || thrown.code === code)
}

/** The error of an answer that is not a success: RFC 9457 from the server itself, anything else from what stands between. */
export async function readError(response: Response): Promise<ApiError> {
  const { status } = response
  const problem: unknown = await response.json().catch(() => undefined)
  if (typeof problem === 'object' && problem !== null && 'code' in problem) {
    const { code, detail, data } = problem as { code: string; detail?: string; data?: ApiError['data'] }
    return new ApiError(code, detail ?? code, { status, data })
  }
  const code = status >= 502 && status <= 504 ? 'unavailable' : 'internal'
  return new ApiError(code, `The server answered ${status}.`, { status })
}

/** One or two sentences for people: what happened, and what they can do. */
export function explain(thrown: unknown): string {
  if (!(thrown instanceof ApiError)) return 'Something broke in this page. Load it again.'
  const { code, data, message } = thrown
  switch (code) {
    case 'unreachable':
      return 'The server cannot be reached. Check your connection, then try again.'
    case 'unavailable':
    case 'timeout':
      return 'The server cannot do this right now. Try again in a few seconds.'
    case 'rate-limited':
      return `That was too often. Try again in ${wait(Number(data['seconds'] ?? 60))}.`
    case 'internal':
      return data['requestId'] === undefined
        ? 'The server failed. Try again; if it stays so, tell whoever runs it.'
        : `The server failed. If it stays so, tell whoever runs it this number: ${data['requestId']}.`
    case 'precondition-failed':
      return 'Somebody has changed this meanwhile. Look at what is there now, then make your change again.'
    case 'unauthorized':
      return data['why'] === 'no-credentials' ? 'You are not logged in any more. Log in again.' : message
    case 'not-found':
      return 'This is not there any more.'
    default:
      return message
  }
}

/** The sentence for one field of a form, when the server found that field wrong. */
export function fieldError(thrown: unknown, field: string): string | undefined {
  if (!isApiError(thrown, 'bad-request')) return undefined
  const path = String(thrown.data['path'] ?? '').replaceAll('/', '.')
  if (!path.endsWith(`.${field}`)) return undefined
  return thrown.message
}

function wait(seconds: number): string {
  if (seconds < 90) return seconds === 1 ? 'a second' : `${Math.max(seconds, 1)} seconds`
  return `${Math.ceil(seconds / 60)} minutes`
}
