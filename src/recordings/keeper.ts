import type { Recordings } from './recordings.ts'

export type { Person } from './recordings.ts'

/** What live recordings need of whoever keeps rows and files. */
export type Keeper = Pick<Recordings, 'begin' | 'seen' | 'ended' | 'abandon'>
