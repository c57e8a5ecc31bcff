/** What a server answered. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** JSON, or undefined where there is none. */
  // Tests look into it as they expect it to be.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any
}

/** Somebody who asks over REST: a program with a token or key, or a browser with cookies. */
export class RestClient {
  readonly #url: string
  readonly #address: string | undefined
  /** Sent as `Authorization`. */
  authorization: string | undefined
  /** As a browser keeps them: name, value and path. */
  readonly cookies = new Map<string, { value: string; path: string; attributes: string }>()
  /** The page a browser would be on. */
  origin: string | undefined

  /** `address` is sent as X-Forwarded-For, for servers that trust their proxy. */
  constructor(url: string, { address, origin }: { address?: string; origin?: string } = {}) {
    this.#url = url
    this.#address = address
    this.origin = origin
  }

  get(path: string): Promise<Answer> {
    return this.call('GET', path)
  }

  post(path: string, body?: unknown): Promise<Answer> {
    return this.call('POST', path, { body })
  }

  /** `path` is below `/api/v1`, unless it begins with `/.well-known`. */
  async call(
    method: string,
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const full = path.startsWith('/.well-known') ? path : `/api/v1${path}`
    const response = await fetch(this.#url + full, {
      method,
      redirect: 'manual',
      headers: { ...this.#headers(full, body), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    this.#keepCookies(response)
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      headers: response.headers,
      body: isJson ? (JSON.parse(text) as unknown) : undefined,
    }
  }

  #headers(path: string, body: unknown): Record<string, string> {
    const cookies = [...this.cookies].filter(([, cookie]) => path.startsWith(cookie.path))
    return {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(this.authorization ? { authorization: this.authorization } : {}),
      ...(this.#address ? { 'x-forwarded-for': this.#address } : {}),
      ...(this.origin ? { origin: this.origin } : {}),
      ...(cookies.length > 0
        ? { cookie: cookies.map(([name, { value }]) => `${name}=${value}`).join('; ') }
        : {}),
    }
  }

  #keepCookies(response: Response): void {
    for (const text of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(text) ?? []
      const path = /; *path=([^;]*)/i.exec(text)?.[1] ?? '/'
      if (value === '') this.cookies.delete(name)
      else this.cookies.set(name, { value, path, attributes: text })
    }
  }
}
