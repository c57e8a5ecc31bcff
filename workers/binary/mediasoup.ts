import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The installed mediasoup package. Read from its files: importing it costs a tenth of a second. */
export const mediasoupFolder = join(dirname(fileURLToPath(import.meta.resolve('mediasoup'))), '..', '..')

interface PackageJson {
  version: string
  repository: { url: string }
}

export const mediasoupPackage = JSON.parse(
  readFileSync(join(mediasoupFolder, 'package.json'), 'utf8'),
) as PackageJson
