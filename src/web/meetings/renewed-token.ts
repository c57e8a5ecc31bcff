/** How long before its end a token is asked for anew, in milliseconds. */
const before = 30_000

interface Token {
  readonly token: string
  readonly expiresAt: string
}

/** The token of a join; when it has run out before a reconnection, the one of another join. */
export function renewedToken(first: Token, join: () => Promise<Token>): () => Promise<string> {
  let current = first
  return async () => {
    if (Date.parse(current.expiresAt) - before < Date.now()) current = await join()
    return current.token
  }
}
