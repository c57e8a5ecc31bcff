import type { Readable } from 'node:stream'
import { Type } from 'typebox'
import type { Api } from '../http/api.ts'
import { Input } from '../protocol/rest.ts'
import type { Library } from './library.ts'
import { fileId, recordingId, trackId } from './shapes.ts'

/** Bytes of files, for players, browsers and programs. HEAD works wherever GET does. */

/** Each file has its own. */
export const anyType = '*/*'
export const Bytes = Type.Unsafe<Readable>({
  type: 'string',
  description: 'The file, in its own media type, or a part of it.',
})
/** 304 is for clients that said what they have. */
export const fileStatuses = [200, 206, 302, 304] as const
export const FileQuery = Input({
  download: Type.Optional(
    Type.Boolean({ description: 'To be saved: sent as an attachment with a name.', examples: [true] }),
  ),
})

export function recordingFileRoutes(api: Api, { library }: { library: () => Promise<Library> }): void {
  api.add(
    'GET',
    '/recordings/:recordingId/files/:fileId',
    'member',
    {
      id: 'getRecordingFile',
      tag: 'Recordings',
      about:
        'A file of a recording, whole or one range of it. 302: it is in a bucket, and the link opens for `storage.linkSeconds`; who needs more of it afterwards asks here again. Tracks and the manifest are for managers.',
      params: Type.Object({ recordingId, fileId }),
      query: FileQuery,
      answer: Bytes,
      sends: anyType,
      status: fileStatuses,
      errors: ['not-found', 'forbidden', 'out-of-range'],
    },
    async ({ params, query: { download: isDownload = false }, caller, now, request, reply }) =>
      (await library()).file(params, { caller, isDownload, now }, { request, reply }),
  )

  api.add(
    'GET',
    '/recordings/:recordingId/tracks/:trackId/file',
    'member',
    {
      id: 'getRecordingTrackFile',
      tag: 'Recordings',
      about:
        'A whole track as one file, to be saved; for managers. One that was captured in several files is joined first, without encoding it again, which takes a while for hours of video. `data.why` of `conflict`: several-files, which cannot be one; of `unavailable`: busy, disk, storage, no-ffmpeg or not-joined.',
      params: Type.Object({ recordingId, trackId }),
      answer: Bytes,
      sends: anyType,
      status: fileStatuses,
      errors: ['not-found', 'forbidden', 'conflict', 'out-of-range'],
    },
    async ({ params, caller, now, request, reply }) =>
      (await library()).trackFile(params, { caller, now }, { request, reply }),
  )
}
