// A server that uploads, for tests that kill it: follows one folder and completes it when it is told so.
// Argument: JSON of { storage, upload }.
import { tmpdir } from 'node:os'
import type { Config } from '../../../config/schema.ts'
import { Uploads, type FolderToUpload } from '../../../recorder/storage/uploads.ts'
import { createLog } from '../../lib/log.ts'
import { hastyTiming } from './uploading.ts'

const { storage, upload } = JSON.parse(process.argv[2] ?? '') as {
  storage: Config['storage']
  upload: FolderToUpload
}
const uploads = Uploads.create({
  storage,
  dataDir: tmpdir(),
  log: createLog({ level: 'silent', pretty: false }),
  onChanged: () => undefined,
  timing: hastyTiming,
})
uploads.follow(upload)
uploads.complete(upload.recordingId)
