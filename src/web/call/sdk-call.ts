import type { Call } from './call.ts'
export interface EnterOptions {
  room: string
  name: string
  takeTracks: () => unknown[]
}
export async function enterRoom(_options: EnterOptions): Promise<Call> {
  throw new Error('x')
}
