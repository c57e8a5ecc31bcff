import type { Config } from '../../config/schema.ts'
import { layouts, pictureSizes, type Layout, type NewOutput } from './shapes.ts'

/** What is to be made of the tracks, everything said. */
export type OutputPlan =
  | { readonly kind: 'audio'; readonly options: Record<never, never> }
  | { readonly kind: 'video'; readonly options: VideoOptions }

export interface VideoOptions {
  readonly layout: Layout
  readonly size: (typeof pictureSizes)[number]
  readonly names: boolean
}

/** What is made of each recording by itself; undefined: nothing. */
export function outputAsConfigured(config: Config['recordings']): OutputPlan | undefined {
  const { output } = config
  return output === 'none' ? undefined : outputAsAsked({ kind: output }, config)
}

/** What is left out is as configured. */
export function outputAsAsked(asked: NewOutput, config: Config['recordings']): OutputPlan {
  if (asked.kind === 'audio') return { kind: 'audio', options: {} }
  const { layout = config.layout, size = config.size, names = true } = asked
  return { kind: 'video', options: { layout, size, names } }
}

/** The plan in a row. */
export function planOf(row: { kind: string; options: Record<string, unknown> | null }): OutputPlan {
  if (row.kind === 'audio') return { kind: 'audio', options: {} }
  const options = row.options ?? {}
  return {
    kind: 'video',
    options: {
      layout: layouts.find((known) => known === options['layout']) ?? 'grid',
      size: pictureSizes.find((known) => known === options['size']) ?? '1280x720',
      names: options['names'] !== false,
    },
  }
}

export function isSamePlan(a: OutputPlan, b: OutputPlan): boolean {
  if (a.kind === 'audio' || b.kind === 'audio') return a.kind === b.kind
  const { layout, size, names } = a.options
  return layout === b.options.layout && size === b.options.size && names === b.options.names
}
