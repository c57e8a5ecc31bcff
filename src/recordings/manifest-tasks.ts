import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  manifestName,
  parseManifest,
  readManifest,
  type Manifest,
  type Track,
} from '../../recorder/manifest.ts'
import { recover } from '../../recorder/recover.ts'
import type { EndReason } from './shapes.ts'
import { factsOf, type Facts } from './processing-facts.ts'

/** What is asked of manifests: plain values in and out, so that it can be done in another thread as well. */

/** A folder of this server, or what a bucket has. */
export type ManifestSource = { readonly folder: string } | { readonly text: Uint8Array }

export interface TracksPage {
  /** Without their gaps and speech. */
  readonly tracks: readonly Track[]
  readonly total: number
}

export interface Settled {
  /** Why it ended, as its recorder wrote it; undefined if something else ended that. */
  readonly endReason: EndReason | undefined
  readonly facts: Facts
}

export const manifestTasks = {
  /** Finishes what a writer left, and tells what there is. Undefined: nothing was captured. */
  settle: async ({ folder }: { folder: string }): Promise<Settled | undefined> => {
    const before = await readManifest(folder)
    // Whoever calls knows that nobody of this process records it any more.
    const recovered = await recover(folder, { isOver: true })
    return (
      recovered && {
        endReason: before?.state === 'finished' ? before.endReason : undefined,
        facts: factsOf(recovered.manifest),
      }
    )
  },

  tracks: async (asked: {
    source: ManifestSource
    from: number
    limit: number
  }): Promise<TracksPage | undefined> => {
    const manifest = await manifestIn(asked.source)
    return (
      manifest && {
        tracks: manifest.tracks.slice(asked.from, asked.from + asked.limit).map(shortened),
        total: manifest.tracks.length,
      }
    )
  },

  track: async (asked: { source: ManifestSource; trackId: string }): Promise<Track | undefined> => {
    const manifest = await manifestIn(asked.source)
    return manifest?.tracks.find(({ trackId }) => trackId === asked.trackId)
  },
}

/** The one that was read last: whoever turns pages asks for the same again. */
let last: { readonly key: string; readonly manifest: Manifest | undefined } | undefined

async function manifestIn(source: ManifestSource): Promise<Manifest | undefined> {
  if ('text' in source) return parseManifest(Buffer.from(source.text).toString('utf8'))
  const path = join(source.folder, manifestName)
  const stats = await stat(path).catch(() => undefined)
  if (!stats) return undefined
  const key = `${path} ${stats.ino} ${stats.mtimeMs} ${stats.size}`
  if (last?.key !== key) last = { key, manifest: await readManifest(source.folder) }
  return last.manifest
}

function shortened(track: Track): Track {
  return { ...track, speech: [], files: track.files.map((file) => ({ ...file, gaps: [] })) }
}
