import { AppError, limitExceeded } from '../lib/app-error.ts'
import { checkTexts } from '../lib/check.ts'
import type { Metadata } from '../protocol/model.ts'
import type { RoomConfig } from './room.ts'

/** What a handler asks of a request beyond its schema: grants, and limits that are configured. */

/** Throws `forbidden` unless `isGranted`; `what` finishes the sentence. */
export function needGrant(isGranted: boolean, what: string): void {
  if (!isGranted) throw new AppError('forbidden', `This peer may not ${what}.`)
}

/** Something that is neither a control or formatting character, nor a space, nor a mark without a letter. */
const visible = /[^\p{C}\p{Z}\p{M}]/u

export function checkName(name: string, config: RoomConfig): string {
  const max = config.limits.nameLength
  const trimmed = name.trim()
  if (trimmed.length > max) throw limitExceeded('nameLength', max)
  checkTexts(trimmed, { what: 'The display name', root: 'data.displayName' })
  if (!visible.test(trimmed)) {
    throw new AppError('bad-request', 'The display name has nothing that can be seen.', {
      path: 'data.displayName',
    })
  }
  return trimmed
}

/** Levels of metadata. A few thousand would overflow the stack when they are sent on; more than these mean nothing to people. */
const metadataDepth = 32

export function checkMetadata(metadata: Metadata, config: RoomConfig): Metadata {
  if (isDeeper(metadata, metadataDepth)) {
    throw new AppError('bad-request', `Metadata has more than ${metadataDepth} levels.`)
  }
  const max = config.limits.metadataBytes
  if (Buffer.byteLength(JSON.stringify(metadata)) > max) throw limitExceeded('metadataBytes', max)
  return metadata
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1))
}
