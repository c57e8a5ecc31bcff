import type { Config } from '../../config/schema.ts'
import { findFfmpeg } from '../../recorder/ffmpeg-binary.ts'
import { renderInThread } from '../../recorder/outputs/render-in-thread.ts'
import { endOrphans } from '../../recorder/outputs/render.ts'
import { openObjectStore } from '../../recorder/storage/object-store.ts'
import { Uploads } from '../../recorder/storage/uploads.ts'
import type { Db } from '../db/database.ts'
import type { Log } from '../lib/log.ts'
import { RecordingsFolder } from './recordings-folder.ts'
import { Recordings } from './recordings.ts'

/** Recordings with the storage, the renderer and the FFmpeg of this server. */
export function openRecordings(options: {
  db: Db
  config: Config
  log: Log
  /** Cores that no media worker is on. */
  spareCores: readonly number[]
}): Recordings {
  const { config, log, spareCores: cores } = options
  const { storage, dataDir } = config
  return new Recordings({
    ...options,
    home: new RecordingsFolder(dataDir),
    objects: openObjectStore({ storage, dataDir, log }),
    createUploads: (onChanged) => Uploads.create({ storage, dataDir, log, onChanged }),
    render: (asked) => renderInThread({ ...asked, cores }),
    findFfmpeg: async () => {
      try {
        return (await findFfmpeg())?.path
      } catch (error) {
        // One that is named and does not run.
        log.error({ err: error }, 'nothing is made of recordings')
        return undefined
      }
    },
    endOrphans,
  })
}
