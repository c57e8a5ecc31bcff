import type { render, RenderedFile, RenderOptions } from '../../recorder/outputs/render.ts'
import type { ObjectStore } from '../../recorder/storage/object-store.ts'
import type { Uploads as UploadProcess, UploadState } from '../../recorder/storage/uploads.ts'

/** What recordings need of the recorder’s parts, so that tests can hand in others. */

export type Objects = Omit<ObjectStore, 'check'>
export type Uploads = Pick<UploadProcess, 'follow' | 'complete' | 'forget' | 'restore' | 'close'>
export type CreateUploads = (onChanged: (recordingId: string, state: UploadState) => void) => Uploads
export type Render = typeof render

export type { RenderedFile, RenderOptions, UploadState }
