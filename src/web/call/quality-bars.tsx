import type { Quality } from './call.ts'

const bars: Record<Quality, number> = { excellent: 3, good: 2, poor: 1, lost: 0, unknown: 0 }
export const qualityTexts: Record<Quality, string> = {
  excellent: 'Connection excellent',
  good: 'Connection good',
  poor: 'Connection poor',
  lost: 'Connection lost',
  unknown: 'Connection not measured yet',
}

export function QualityBars({ quality }: { quality: Quality }) {
  if (quality === 'unknown') return null
  return (
    <svg className={`quality ${quality}`} width="14" height="12" viewBox="0 0 14 12" role="img">
      <title>{qualityTexts[quality]}</title>
      {[0, 1, 2].map((i) => (
        <rect
          key={i}
          className={i < bars[quality] ? 'lit' : ''}
          x={i * 5}
          y={8 - i * 4}
          width="3.5"
          height={4 + i * 4}
          rx="1"
        />
      ))}
    </svg>
  )
}
