/** Rooms this browser was in, newest first. */

export interface RecentRoom {
  readonly room: string
  readonly at: number
}

const key = 'sluice:recent'
const most = 6

export function recentRooms(): RecentRoom[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? '[]')
    if (!Array.isArray(stored)) return []
    return stored.filter(
      (each): each is RecentRoom => typeof each?.room === 'string' && typeof each?.at === 'number',
    )
  } catch {
    return []
  }
}

function store(rooms: readonly RecentRoom[]): void {
  try {
    localStorage.setItem(key, JSON.stringify(rooms))
  } catch {
    // Not remembered then.
  }
}

export function rememberRoom(room: string): void {
  store([{ room, at: Date.now() }, ...recentRooms().filter((each) => each.room !== room)].slice(0, most))
}

export function forgetRooms(): void {
  store([])
}

/** “today”, “yesterday”, “3 days ago”, in English as the rest of the page. */
export function daysAgo(at: number, now: number): string {
  const day = (time: number) => new Date(time).setHours(0, 0, 0, 0)
  const days = Math.round((day(now) - day(at)) / 86_400_000)
  return new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(-days, 'day')
}
