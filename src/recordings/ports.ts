import type { Readable } from 'node:stream'
import type { Manifest } from '../../recorder/manifest.ts'
import type { UploadView } from './shapes.ts'

/** What recordings need of the recorder’s parts, so that tests can hand in others. */

/** Where files are kept for good; see `recorder/storage/object-store.ts`. */
export interface Objects {
  readonly kind: 'disk' | 's3'
  readonly keyTemplate: string
  head(key: string): Promise<{ bytes: number; contentType: string | undefined } | undefined>
  read(key: string, range?: { from: number; to: number }): Promise<Readable>
  link(
    key: string,
    options: { expiresSeconds: number; downloadName?: string; contentType: string },
  ): Promise<string | undefined>
  deleteAll(prefix: string): Promise<void>
  delete(key: string): Promise<void>
}

export interface UploadState extends Omit<UploadView, 'nextTryAt'> {
  readonly nextTryAt?: Date
}

/** See `recorder/storage/uploads.ts`. */
export interface Uploads {
  follow(upload: { recordingId: string; folder: string; prefix: string }): void
  complete(recordingId: string): void
  forget(recordingId: string): Promise<void>
  restore(upload: {
    recordingId: string
    folder: string
    prefix: string
    names?: readonly string[]
  }): Promise<void>
  close(): Promise<void>
}

export type CreateUploads = (onChanged: (recordingId: string, state: UploadState) => void) => Uploads

export interface RenderedFile {
  readonly kind: 'video' | 'audio' | 'poster' | 'preview' | 'preview-index'
  readonly name: string
  readonly contentType: string
  readonly bytes: number
  readonly durationMs?: number
  readonly width?: number
  readonly height?: number
}

export interface RenderOptions {
  readonly manifest: Manifest
  readonly folder: string
  readonly name: string
  readonly kind: 'video' | 'audio'
  readonly layout: 'grid' | 'speaker' | 'screen'
  readonly size: { readonly width: number; readonly height: number }
  readonly names: boolean
  readonly ffmpeg: string
  readonly scratch?: string
  readonly onProgress?: (share: number) => void
  readonly signal?: AbortSignal
}

/** See `recorder/outputs/render.ts`: throws errors with `code`, a message for people, and `isWorthRetrying`. */
export type Render = (options: RenderOptions) => Promise<readonly RenderedFile[]>
