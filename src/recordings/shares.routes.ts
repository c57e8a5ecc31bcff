import { Type } from 'typebox'
import type { Api } from '../http/api.ts'
import { anyType, Bytes, FileQuery, fileStatuses } from './files.routes.ts'
import type { Library } from './library.ts'
import { fileId, NewShare, recordingId, RecordingShare, SharedRecording, shareId } from './shapes.ts'

const tag = 'Recordings'
const params = Type.Object({ recordingId })
const shareToken = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'From the link.',
  examples: ['q83vASNFhT0aBx1LmQ8sKdq83vASNFhT'],
})
/** Links cannot be guessed; this keeps those who try from being a burden. */
const openLimit = { max: 120, seconds: 60, by: 'address' } as const
/** A player that is dragged about asks for some parts a second; a school watches from one address. */
const fileLimit = { max: 1800, seconds: 60, by: 'address' } as const

export function recordingShareRoutes(api: Api, { library }: { library: () => Promise<Library> }): void {
  api.add(
    'POST',
    '/recordings/:recordingId/shares',
    'member',
    {
      id: 'shareRecording',
      tag,
      about:
        'A link that shows the recording to whoever has it; for managers. Its address is told this once.',
      params,
      body: NewShare,
      answer: RecordingShare,
      status: 201,
      errors: ['not-found', 'conflict', 'limit-exceeded'],
    },
    async ({ params: { recordingId: id }, body, caller, actor, now }) =>
      (await library()).share(id, body, { caller, actor, now }),
  )

  api.add(
    'GET',
    '/recordings/:recordingId/shares',
    'member',
    {
      id: 'listRecordingShares',
      tag,
      about: 'Links that still open, newest first; for managers.',
      params,
      answer: Type.Object({ items: Type.Array(RecordingShare) }),
      errors: ['not-found'],
    },
    async ({ params: { recordingId: id }, caller, now }) => {
      const { id: found } = await (await library()).managed(id, caller)
      return { items: await (await library()).shares.list(found, now) }
    },
  )

  api.add(
    'DELETE',
    '/recordings/:recordingId/shares/:shareId',
    'member',
    {
      id: 'unshareRecording',
      tag,
      about:
        'Ends a link at once; for managers. Who was just sent to a bucket can read there for `storage.linkSeconds`.',
      params: Type.Object({ recordingId, shareId }),
      errors: ['not-found'],
    },
    async ({ params: { recordingId: id, shareId: ofIt }, caller, actor, now }) =>
      (await library()).unshare(id, ofIt, { caller, actor, now }),
  )

  api.add(
    'GET',
    '/shared-recordings/:shareToken',
    'anyone',
    {
      id: 'getSharedRecording',
      tag,
      about:
        'What whoever has a link may know. Unknown, expired and ended links answer the same, and so does one whose recording was deleted.',
      params: Type.Object({ shareToken }),
      answer: SharedRecording,
      errors: ['not-found'],
      limits: [openLimit],
    },
    async ({ params, now }) => (await library()).shares.open(params.shareToken, now),
  )

  api.add(
    'GET',
    '/shared-recordings/:shareToken/files/:fileId',
    'anyone',
    {
      id: 'getSharedRecordingFile',
      tag,
      about:
        'A file that a link shows, whole or one range of it. With `download`, where the link allows that. 302 as for any file of a recording; what it leads to opens no longer than the link.',
      params: Type.Object({ shareToken, fileId }),
      query: FileQuery,
      answer: Bytes,
      sends: anyType,
      status: fileStatuses,
      errors: ['not-found', 'forbidden', 'out-of-range'],
      limits: [fileLimit],
    },
    async ({ params, query: { download: isDownload = false }, now, request, reply }) => {
      const { shareToken: token, fileId: ofIt } = params
      return (await library()).sharedFile({ token, fileId: ofIt }, { isDownload, now }, { request, reply })
    },
  )
}
