import type { Config } from '../../config/schema.ts'
import { findFfmpeg } from '../../recorder/ffmpeg-binary.ts'
import { openObjectStore } from '../../recorder/storage/object-store.ts'
import type { Db } from '../db/database.ts'
import type { Log } from '../lib/log.ts'
import { Home } from './home.ts'
import { Recordings } from './recordings.ts'

/** Recordings with the storage, the renderer and the FFmpeg of this server, looked after from now on. */
export function openRecordings(options: { db: Db; config: Config; log: Log }): Recordings {
  const { config, log } = options
  const { storage, dataDir } = config
  const recordings = new Recordings({
    ...options,
    home: new Home(dataDir),
    objects: openObjectStore({ storage, dataDir, log }),
    createUploads: () => ({
      follow: () => undefined,
      complete: () => undefined,
      forget: async () => undefined,
      restore: async () => undefined,
      close: async () => undefined,
    }),
    render: async () => {
      throw new Error('not there yet')
    },
    findFfmpeg: async () => (await findFfmpeg())?.path,
  })
  recordings.start()
  return recordings
}
