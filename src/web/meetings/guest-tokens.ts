/**
 * What the server gave a guest so that coming back makes them the same person in a meeting. Bound to the name, because several
 * people may use one browser.
 */

const key = 'sluice:guests'
const kept = 20

interface GuestToken {
  readonly code: string
  readonly name: string
  readonly token: string
}

function read(): GuestToken[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? '[]')
    if (!Array.isArray(stored)) return []
    return stored.filter(
      (each): each is GuestToken =>
        typeof each?.code === 'string' && typeof each?.name === 'string' && typeof each?.token === 'string',
    )
  } catch {
    return []
  }
}

export function guestToken(code: string, name: string): string | undefined {
  return read().find((each) => each.code === code && each.name === name)?.token
}

export function keepGuestToken(fresh: GuestToken): void {
  const others = read().filter(({ code, name }) => code !== fresh.code || name !== fresh.name)
  try {
    localStorage.setItem(key, JSON.stringify([fresh, ...others].slice(0, kept)))
  } catch {
    // Without storage a reload makes somebody else of them.
  }
}
