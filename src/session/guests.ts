import type { Config } from '../../config/schema.ts'

/** Whether somebody without a token may enter rooms. */
export function admitsGuests({ mode, rooms }: Pick<Config, 'mode' | 'rooms'>): boolean {
  return rooms.guests === 'allow' || (rooms.guests === 'auto' && mode === 'development')
}
