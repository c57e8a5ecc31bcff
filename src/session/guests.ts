import type { Config } from '../../config/schema.ts'

/** There are no tokens yet, so everybody is a guest. */
export function admitsGuests({ mode, rooms }: Pick<Config, 'mode' | 'rooms'>): boolean {
  return rooms.guests === 'allow' || (rooms.guests === 'auto' && mode === 'development')
}
